"""What happens in an instance of a process: streams of kind `process`.

An event that was observed is named, not copied: what it says is read where it is stored. A `run` is the name of an
action, with its number when the action is run again: `Remind`, `Remind#2`. Times are milliseconds UTC.
"""

from dataclasses import dataclass, field

from penstock.events.personal import without_text
from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("process")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """An instance began. It keeps its definition: a later version does not change it.

    `event` started it, in that commit of its stream; `depth` counts processes that set each other off.
    """

    process: str
    version: int
    definition: JSONObject
    correlation: str
    event: str
    commit: int
    trace: str
    depth: int = 1


@EVENTS.type
@dataclass(frozen=True, slots=True)
class EventObserved:
    """An event that the process reacts to has happened. It waits until a state takes it."""

    event: str
    commit: int
    kind: str
    type: str
    time: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ReactionChosen:
    """An event is answered: by actions, and by what they lead to. The event that started it is, too."""

    event: str
    to: str | None
    end: str | None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ActionRequested:
    """An action is due, on account of an event."""

    run: str
    action: str
    event: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ActionStarted:
    """An attempt is about to be made: from here on it may have happened. Until `until` nobody makes another."""

    run: str
    attempt: int
    until: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ActionSucceeded:
    """The action happened."""

    run: str
    result: JSONObject = field(default_factory=dict)


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An attempt failed. `final`: it was refused, so that nothing happened; else the next one is made at `again`."""

    run: str
    attempt: int
    error: JSONObject
    final: bool
    again: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StateEntered:
    """It waits for something else now."""

    state: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DeadlineSet:
    """The state is to be left before this time."""

    state: str
    due: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """It was not."""

    state: str
    to: str | None
    end: str | None


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessReversed:
    """It turned round: no action begins any more, what has been done is undone, and then it ends as `end`."""

    end: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationStarted:
    """An attempt to undo an action is about to be made; until `until` nobody makes another."""

    run: str
    attempt: int
    until: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationSucceeded:
    """The action is undone."""

    run: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class CompensationFailed:
    """An attempt to undo an action failed; the next one is made at `again`, unless it was refused (`final`)."""

    run: str
    attempt: int
    error: JSONObject
    final: bool
    again: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """Nothing more is to be done."""

    end: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessNeedsAttention:
    """It waits for a person. `stuck` are the runs of actions that cannot be undone."""

    stuck: list[str]
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ActionResolved:
    """A person has undone an action by hand."""

    run: str
    reason: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class ProcessResumed:
    """A person sent it on, the way it was going."""

    reason: str


EVENTS.personal("ProcessStarted", correlation="")
EVENTS.personal("ActionSucceeded", result={})
EVENTS.personal("ActionFailed", "CompensationFailed", error=without_text("type"))
EVENTS.personal("ProcessReversed", "ProcessNeedsAttention", "ActionResolved", "ProcessResumed", reason="")
