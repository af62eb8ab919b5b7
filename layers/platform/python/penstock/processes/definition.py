"""The process document: what starts it, and per state the events it reacts to and how long it waits for them."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock.fields import FieldPath
from penstock.json import JSON
from penstock.sagas import definition as sagas

MOST_STATES = 50
MOST_REACTIONS = 20
MOST_ACTIONS = 10
LONGEST_ACTION_SECONDS = 60
LONGEST_DEADLINE_SECONDS = 366 * 86_400

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f#?*]+$")]
End = Literal["completed", "cancelled", "timed_out", "needs_attention"]
"""`cancelled` and `timed_out` are bad ends: what has been done is undone first."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pattern(_Document):
    """Which events are meant, and which instance each belongs to."""

    kind: str = Field(
        default="event",
        max_length=200,
        pattern=r"^[^\s#]+$",
        description="The kind of stream that they come from; event for those that workflows emit",
    )
    type: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}\*?$",
        description="Their type: StockIssued; a * at the end stands for anything: lab.*",
    )
    match: dict[FieldPath, JSON] = Field(
        default_factory=dict,
        max_length=50,
        description="What else must hold: dotted paths in the event with the values they must have: data.ward = 3B",
    )
    correlation: str | None = Field(
        default=None, min_length=1, max_length=2_000, description="As the process's own; for these events only"
    )


class Watched(Pattern):
    """Events that a process reacts to."""

    early: Literal["wait", "ignore"] = Field(
        default="wait",
        description="One that is met before its process has started waits for it; ignore is for events of the stream "
        "that starts it, which are met in order",
    )


class Action(_Document):
    """A node of the catalogue with its parameters.

    Expressions see the event that is reacted to, after a deadline the one that started the process (`$json`); the one
    that started it (`$('Start').first().json`); results of earlier actions (`$('Reserve').first().json`); and
    `$execution.key`: the same at every attempt of an action and in its compensation.
    """

    name: Name
    type: str = Field(min_length=1, max_length=120, description="The node type")
    parameters: dict[str, Any] = Field(default_factory=dict)
    timeout_seconds: int = Field(default=30, ge=1, le=LONGEST_ACTION_SECONDS)
    retry: sagas.Retry | None = Field(default=None, description="Left out: as a step of a saga's")


class Task(Action):
    """An action, and what undoes it."""

    compensation: Action | None = Field(default=None, description="Left out: there is nothing to undo")


class Move(_Document):
    """What is done, one after the other, and where that leads: to a state, to the end, or nowhere else."""

    do: tuple[Task, ...] = Field(default=(), max_length=MOST_ACTIONS)
    to: Name | None = Field(default=None, description="The state that is entered then")
    end: End | None = Field(default=None, description="How the process ends then")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.to and self.end:
            raise ValueError("to and end: one of them, where it leads")
        return self


class Start(Move):
    """What starts an instance. It enters the first state where it leads to no other."""

    on: Pattern


class Reaction(Move):
    """What an event is answered by."""

    on: Watched
    when: str | None = Field(
        default=None, min_length=1, max_length=10_000, description="An expression that must be true of the event"
    )


class Deadline(Move):
    """What follows when a state is not left in time."""

    within_seconds: int = Field(ge=1, le=LONGEST_DEADLINE_SECONDS, description="Counted from when it is entered")


class State(_Document):
    """What is waited for. An event that no reaction takes here waits for a state that has one."""

    name: Name
    reactions: tuple[Reaction, ...] = Field(default=(), max_length=MOST_REACTIONS)
    deadline: Deadline | None = None


class ProcessDefinition(_Document):
    """A named choreography."""

    name: Name
    description: str = Field(default="", max_length=4_000)
    correlation: str = Field(
        default="{{ $json.correlation }}",
        min_length=1,
        max_length=2_000,
        description="What the events of one instance have in common, as an expression of the event",
    )
    starts: tuple[Start, ...] = Field(min_length=1, max_length=MOST_REACTIONS)
    states: tuple[State, ...] = Field(min_length=1, max_length=MOST_STATES, description="It begins in the first")
    reactions: tuple[Reaction, ...] = Field(
        default=(), max_length=MOST_REACTIONS, description="In every state, after the state's own"
    )
