"""What happens to a projection of a tenant: streams of kind `projection`, whose key is the projection's name."""

from dataclasses import dataclass

from penstock.events.types import EventTypes

EVENTS = EventTypes("projection")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RebuildStarted:
    """A generation is being made from the feed's first `head` entries, cut into `slices`, by code of `revision`."""

    generation: int
    revision: int
    head: int
    slices: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SliceRebuilt:
    """One slice is folded."""

    generation: int
    slice: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StreamNotRebuilt:
    """A stream could not be folded; it is left out, and told by its key and the error's type."""

    generation: int
    key: str
    error: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RebuildResumed:
    """Somebody wants what is not done to be handed out again."""

    generation: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RebuildSwitched:
    """The generation has caught up and is what readers see, where they saw another. It began at the feed's `head`."""

    generation: int
    replaced: int
    head: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class RebuildAbandoned:
    """The generation is given up; the live one stays."""

    generation: int
    reason: str
