"""What happens in the run of a saga: streams of kind `saga`."""

from dataclasses import dataclass, field

from penstock.events.personal import without_text
from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("saga")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaStarted:
    """A run began. It keeps its definition: a later one does not change it.

    `version` is that of a tenant's own saga; null for a built-in one.
    """

    saga: str
    definition: JSONObject
    input: JSONObject
    version: int | None = None


@EVENTS.upcaster("SagaStarted", 1)
def _only_built_in(data: JSONObject) -> JSONObject:
    return {**data, "version": None}


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StepStarted:
    """An attempt is about to be made: from here on the step may have happened."""

    step: str
    attempt: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StepSucceeded:
    """The step happened."""

    step: str
    result: JSONObject = field(default_factory=dict)


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StepFailed:
    """An attempt failed. `final`: the participant refused, so that nothing happened and nothing will."""

    step: str
    attempt: int
    error: JSONObject
    final: bool


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaReversed:
    """It turned round: no step may begin any more, what happened is undone."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationStarted:
    """An attempt to undo a step is about to be made."""

    step: str
    attempt: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationSucceeded:
    """The step is undone."""

    step: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationFailed:
    """An attempt to undo a step failed. `final`: the participant refused, so that a person must look."""

    step: str
    attempt: int
    error: JSONObject
    final: bool


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaCompleted:
    """All steps happened."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaCompensated:
    """All that happened is undone."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaNeedsAttention:
    """Neither way can be gone without a person. `steps` are those that are stuck."""

    steps: list[str]
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StepResolved:
    """A person took care of a stuck step, or of undoing it, and says how it stands now."""

    step: str
    happened: bool
    reason: str
    result: JSONObject = field(default_factory=dict)


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SagaResumed:
    """A person sent it on. `number` counts from 1: each has a machine execution of its own."""

    number: int
    reason: str


EVENTS.personal("SagaStarted", input={})
EVENTS.personal("StepSucceeded", result={})
EVENTS.personal("StepFailed", "CompensationFailed", error=without_text("type"))
EVENTS.personal("SagaNeedsAttention", "SagaResumed", reason="")
EVENTS.personal("StepResolved", reason="", result={})
