"""The steps in their order: workflows published, messages sent, everything read back and compared."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from penstock.workflows.samples import sample_workflows
from penstock_cli.api import Api
from penstock_cli.demo import samples, traffic, verdict
from penstock_cli.demo.expected import Expected, expected
from penstock_cli.demo.outcome import Outcome, Reader, read_back

if TYPE_CHECKING:
    from local.progress import Progress

WING = "healthcare."


@dataclass(frozen=True)
class Shown:
    """What a run of the demonstration came to."""

    messages: list[Expected]
    outcome: Outcome
    counts: list[verdict.Count]
    shortfalls: list[str]

    @property
    def is_right(self) -> bool:
        """Whether nothing fell short."""
        return not self.shortfalls and all(count.is_right for count in self.counts)


def run(api: Api, port: int, folder: Path, progress: "Progress", *, began: float) -> Shown:
    """Send the messages of `folder` to the gateway at `port`. Raises Failure; what merely falls short is in the result.

    `began` is when all of it did, of time.monotonic().
    """
    chosen = [sample for sample in sample_workflows() if sample.id.startswith(WING)]
    with progress.step(f"Publishing {len(chosen)} sample workflows"):
        workflows = samples.publish(api, chosen)
    with progress.step("Working out what the messages must come to"):
        messages = [expected(name, raw, chosen) for name, raw in _fresh(api, folder)]
    with progress.step(f"Sending {len(messages)} HL7 messages over MLLP"):
        answers = traffic.transmit(port, messages)
    with progress.step("Following the executions, answering as the clinician"):
        outcome = read_back(Reader(api, workflows), messages, answers)
    counts = verdict.counts(messages, outcome, time.monotonic() - began)
    return Shown(messages, outcome, counts, verdict.shortfalls(messages, outcome))


def _fresh(api: Api, folder: Path) -> list[tuple[str, bytes]]:
    """The sample messages; under new control ids on a platform that has received some before."""
    found = traffic.sample_messages(folder)
    if not api.pages("/v1/healthcare/messages", 1):
        return found
    mark = f"-{uuid4().hex[:5]}"
    return [(name, traffic.renamed(raw, mark)) for name, raw in found]
