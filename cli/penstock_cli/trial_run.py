"""`penstock workflow run`: a trial made of files and options, and what is told of it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from penstock.clock import from_millis, iso
from penstock.json import JSON, JSONObject
from penstock.workflows.catalogue import catalogue
from penstock.workflows.definition import WorkflowDefinition
from penstock.workflows.errors import InvalidWorkflow, WrongState
from penstock.workflows.execution.state import Execution, Status, Waiting
from penstock.workflows.execution.timeline import Entry
from penstock.workflows.validation import parse
from penstock_cli.answers import Answers
from penstock_cli.errors import WrongUse
from penstock_cli.files import read_definition
from penstock_cli.output import plain
from penstock_cli.timeline import tell
from penstock_cli.trial import JumpingClock, Trial

MAIN = "this"


@dataclass(frozen=True)
class Report:
    """What came of a trial. `left` are the runs that wait to be answered."""

    execution: Execution
    entries: Sequence[Entry]
    left: Sequence[Waiting]

    @property
    def has_failed(self) -> bool:
        """Neither done nor left waiting."""
        return self.execution.status not in (Status.DONE, Status.WAITING)

    def document(self) -> JSONObject:
        """For machines."""
        execution = self.execution
        return {
            "execution": execution.id.key,
            "status": execution.status,
            "items": list(execution.result()) if execution.status is Status.DONE else [],
            "error": execution.error,
            "response": execution.response,
            "waiting": [_waiting(waiting) for waiting in self.left],
            "timeline": [asdict(entry) for entry in self.entries],
        }

    def tell(self, *, with_timeline: bool) -> None:
        """For people: the timeline if it was not told yet, then how it ended."""
        import orjson

        if with_timeline:
            tell(map(asdict, self.entries))
        write = sys.stdout.write
        if self.execution.status is Status.DONE:
            write(orjson.dumps(list(self.execution.result()), option=orjson.OPT_INDENT_2).decode() + "\n")
        elif self.execution.error:
            write(plain(f"failed: {self.execution.error['type']}: {self.execution.error['message']}") + "\n")
        else:
            write("".join(f"{line}\n" for line in self._open_ends()))

    def _open_ends(self) -> list[str]:
        if self.left:
            hints = [line for waiting in self.left for line in _hint(waiting)]
            return ["waiting for an answer; give it on the next run:", *map(plain, hints)]
        due = self.execution.next_wake()
        if self.execution.status is Status.WAITING and due is not None:
            return [f"waiting until {iso(from_millis(due))}; --fast-forward jumps over waits"]
        return [f"{self.execution.status} when the time was up; --timeout gives it more"]


def prepare(
    file: str,
    *,
    variables: Sequence[str],
    also: Sequence[str],
    answers: Sequence[str],
    fast_forward: bool,
    follow: bool,
) -> Trial:
    """A trial with everything read and checked. Raises WrongUse, naming the file or option and the reason."""
    others = {name: _definition(path) for name, path in _pairs("--also", also).items()}
    main = _with_variables(_definition(file), _pairs("--var", variables))
    given = Answers.parse(_pairs("--answer", answers), {node.name: node.type for node in main.nodes})
    told = _tell_one if follow else _tell_nothing
    return Trial({**others, MAIN: main}, MAIN, JumpingClock(fast_forward), given, told)


def run(trial: Trial, items: Sequence[JSONObject], trigger: str | None, timeout: float) -> Report:
    """What came of it within `timeout` seconds. Raises WrongUse when there is no such trigger."""
    try:
        execution = trial.run(items, trigger, timeout)
    except WrongState as error:
        raise WrongUse(f"--trigger: {error}; its triggers: {', '.join(trial.triggers)}") from error
    return Report(execution, trial.entries, [waiting for _, waiting in trial.callbacks()])


def _tell_one(entry: Entry) -> None:
    tell([asdict(entry)])


def _tell_nothing(_: Entry) -> None:
    """Told at the end."""


def _definition(file: str) -> WorkflowDefinition:
    try:
        return parse(read_definition(file), catalogue())
    except InvalidWorkflow as invalid:
        reasons = "".join(f"\n  {problem}" for problem in invalid.problems)
        raise WrongUse(f"{file}: the workflow cannot run as it is{reasons}") from invalid


def _with_variables(definition: WorkflowDefinition, given: Mapping[str, str]) -> WorkflowDefinition:
    if not given:
        return definition
    variables = {**definition.settings.variables, **{name: _value(text) for name, text in given.items()}}
    settings = definition.settings.model_copy(update={"variables": variables})
    return definition.model_copy(update={"settings": settings})


def _value(text: str) -> JSON:
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _pairs(option: str, entries: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise WrongUse(f"{option} {entry}: must be NAME=VALUE")
        pairs[name] = value
    return pairs


def _waiting(waiting: Waiting) -> JSONObject:
    until = iso(from_millis(waiting.until)) if waiting.until else None
    return {"node": waiting.run.node, "until": until, **waiting.details}


def _hint(waiting: Waiting) -> list[str]:
    example = "approve" if waiting.details.get("kind") == "approval" else '{"…": "…"}'
    return [f"  {waiting.details.get('message') or 'any JSON'}", f"  --answer '{waiting.run.node}={example}'"]
