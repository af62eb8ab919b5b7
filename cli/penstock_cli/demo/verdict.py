"""Where the platform fell short of what the messages must come to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from penstock_cli.demo.expected import Expected
from penstock_cli.demo.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Count:
    """A row of the summary: `what` for people, `name` for machines; `wanted` is None where the files do not say."""

    name: str
    what: str
    found: float
    wanted: int | None = None

    @property
    def is_right(self) -> bool:
        """Whether it is what it must be."""
        return self.wanted is None or self.found == self.wanted


def counts(messages: Sequence[Expected], outcome: Outcome, seconds: float) -> list[Count]:
    """The summary."""
    runs = [run for message in messages for run in message.runs]
    codes = Counter(each["code"] for each in outcome.acknowledgments)
    positive = sum(message.code == "AA" for message in messages)
    done = sum(each.execution["status"] == "done" for each in outcome.ran)
    wanted_resources = len(frozenset().union(*(run.resources for run in runs)))
    emitted = sum(len(each.emitted) for each in outcome.ran)
    return [
        Count("sent", "messages sent", len(outcome.acknowledgments), len(messages)),
        Count("acknowledged", "acknowledged (AA)", codes["AA"], positive),
        Count("rejected", "rejected (AE, AR), kept and listed", len(outcome.rejected), len(messages) - positive),
        Count("executions", "executions done", done, sum(run.status == "done" for run in runs)),
        Count(
            "answered",
            "answered by a clinician",
            sum(each.asked for each in outcome.ran),
            sum(run.asks for run in runs),
        ),
        Count("resources", "FHIR resources", len(outcome.resources), wanted_resources),
        Count("emitted", "events told to the world", emitted, sum(len(run.emitted) for run in runs)),
        Count("events", "events read back", len(outcome.events)),
        Count("seconds", "seconds", round(seconds, 1)),
    ]


def shortfalls(messages: Sequence[Expected], outcome: Outcome) -> list[str]:
    """A line for everything that is not as it must be, message by message."""
    return [line for compare in (_acknowledgments, _executions, _rejected) for line in compare(messages, outcome)]


def _acknowledgments(messages: Sequence[Expected], outcome: Outcome) -> Iterator[str]:
    for message, answer in zip(messages, outcome.acknowledgments, strict=True):
        if answer["code"] != message.code:
            yield f"{message.file}: acknowledged with {answer['code'] or 'nothing'}, not {message.code}"


def _executions(messages: Sequence[Expected], outcome: Outcome) -> Iterator[str]:
    for message in messages:
        wanted = [(r.workflow, r.status, r.asks, _sorted(r.resources), _sorted(r.emitted)) for r in message.runs]
        found = [
            (
                each.workflow,
                each.execution["status"],
                each.asked,
                _sorted(each.resources),
                _sorted(event["type"] for event in each.emitted),
            )
            for each in outcome.ran
            if each.message == message.id
        ]
        for run in _missing(wanted, found):
            yield f"{message.file}: must come to {_told(run)}"
        for run in _missing(found, wanted):
            yield f"{message.file}: came to {_told(run)}"


def _rejected(messages: Sequence[Expected], outcome: Outcome) -> Iterator[str]:
    listed = {entry["id"] for entry in outcome.rejected}
    for message in messages:
        if message.code != "AA" and message.id not in listed:
            yield f"{message.file}: was rejected, and is not listed as such"


def _missing(wanted: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    return list((Counter(wanted) - Counter(found)).elements())


def _sorted(names: Any) -> tuple[str, ...]:
    return tuple(sorted(names))


def _told(run: tuple[Any, ...]) -> str:
    workflow, status, asks, resources, emitted = run
    asked = ", asking somebody" if asks else ""
    return f"{workflow}: {status}{asked}; {len(resources)} resources; events: {', '.join(emitted) or 'none'}"
