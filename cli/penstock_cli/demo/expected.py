"""What messages must come to: each is read and run through the sample workflows in this process, from its bytes alone.

The platform then has to give the same: two runs of one engine, one in memory and one on the deployed stack.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from penstock.json import JSON, JSONObject
from penstock.nodes.emit_event import EVENT_KIND
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.state import Waiting
from penstock.workflows.samples import Sample
from penstock.workflows.triggers import wants
from penstock.workflows.validation import parse
from penstock_cli.trial import JumpingClock, Trial
from penstock_healthcare.messages.events import HL7MessageRejected
from penstock_healthcare.messages.message import AGGREGATE
from penstock_healthcare.messages.reading import read
from penstock_healthcare.messages.service import message_id

CLINICIAN = "dr.harrington"
DECISION = {"approved": True, "by": CLINICIAN, "comment": "Seen; the ward is informed"}
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ExpectedRun:
    """One execution: of which sample, how it ends, whether it asks somebody, and what it leaves behind."""

    workflow: str
    status: str
    asks: bool
    resources: frozenset[str]
    emitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """One message. `id` is the platform's, `code` the acknowledgment's (table 0008)."""

    file: str
    raw: bytes
    id: str
    type: str
    control_id: str
    code: str
    runs: tuple[ExpectedRun, ...]


def expected(file: str, raw: bytes, samples: Sequence[Sample]) -> Expected:
    """What the message must come to."""
    found = read(raw)
    is_rejected = isinstance(found, HL7MessageRejected)
    event = {"kind": AGGREGATE.types.kind, "type": type(found).__name__, "data": asdict(found)}
    return Expected(
        file=Path(file).name,
        raw=raw,
        id=message_id(raw),
        type=found.message_type,
        control_id=found.control_id,
        code=found.error["acknowledgment"] if isinstance(found, HL7MessageRejected) else "AA",
        runs=() if is_rejected else tuple(_run(sample, raw) for sample in samples if _starts(sample, event)),
    )


def _starts(sample: Sample, event: JSONObject) -> bool:
    return any(wants(node["type"], node.get("parameters", {}), event) for node in sample.definition["nodes"])


def _run(sample: Sample, raw: bytes) -> ExpectedRun:
    clinician = _Clinician()
    definition = parse(sample.definition, catalogue())
    trial = Trial({sample.id: definition}, sample.id, JumpingClock(jumps=False), clinician, _ignore)
    execution = trial.run([{"raw": base64.b64encode(raw).decode("ascii")}], None, SECONDS)
    return ExpectedRun(
        workflow=sample.definition["name"],
        status=execution.status,
        asks=clinician.was_asked,
        resources=frozenset(references(execution.result())),
        emitted=tuple(_emitted(trial)),
    )


@dataclass
class _Clinician:
    """Approves whatever waits."""

    was_asked: bool = False

    def __call__(self, _: Waiting) -> JSON:
        self.was_asked = True
        return DECISION


def references(items: Iterable[JSONObject]) -> list[str]:
    """The references of the resources that a saving node says it kept."""
    return [saved["reference"] for item in items for saved in item.get("saved", ())]


def _emitted(trial: Trial) -> list[str]:
    streams = [stream for stream in trial.store.streams() if stream.kind == EVENT_KIND]
    return [event.type for stream in streams for commit in trial.store.commits(stream) for event in commit.events]


def _ignore(_: Any) -> None:
    """Nobody follows these runs."""
