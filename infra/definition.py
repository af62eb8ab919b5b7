"""What one function asks for: the frozen form of its `function.toml`.

The format is documented for authors in `functions/README.md`; `infra.functions` reads it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ALL_KINDS = "*"


class Access(StrEnum):
    """How far a grant on a store reaches; `write` includes `read`."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class ApiTrigger:
    """REST paths; each serves ANY on itself and on everything below it."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class EventsTrigger:
    """Commits of the event store whose stream is of one of `kinds`, `delay` seconds after they happened.

    With `ordered`, one batch of a tenant's at a time.
    """

    kinds: tuple[str, ...]
    delay: int
    ordered: bool = False


@dataclass(frozen=True)
class BusTrigger:
    """Events of the bus with one of `detail_types`; no detail type means every event."""

    detail_types: tuple[str, ...]


@dataclass(frozen=True)
class QueueTrigger:
    """Messages that other functions and schedules send to this function's own queue."""


@dataclass(frozen=True)
class StreamTrigger:
    """The DynamoDB stream of the events table. Exactly one function has it: the sequencer."""


@dataclass(frozen=True)
class InvokeTrigger:
    """Invoked by other functions only."""


Trigger = ApiTrigger | EventsTrigger | BusTrigger | QueueTrigger | StreamTrigger | InvokeTrigger


@dataclass(frozen=True)
class Grants:
    """What a function may touch; everything else is denied."""

    events: Access | None = None
    views: Access | None = None
    payloads: Access | None = None
    archive: Access | None = None
    search: Access | None = None
    retention: Access | None = None
    send: tuple[str, ...] = ()
    publish: bool = False
    schedule: bool = False
    invoke: tuple[str, ...] = ()
    start_machines: bool = False
    make_machines: bool = False
    dead_letters: bool = False
    secrets: Access | None = None
    give_up: bool = False
    erase: bool = False
    healthlake: bool = False


@dataclass(frozen=True)
class FunctionDefinition:
    """One folder of `functions/`. `memory` is in MB, `timeout` in seconds."""

    name: str
    folder: Path
    description: str
    trigger: Trigger
    wings: tuple[str, ...] = ()
    memory: int = 512
    timeout: int = 30
    grants: Grants = field(default_factory=Grants)

    @property
    def is_consumer(self) -> bool:
        """Whether a queue of its own feeds it."""
        return isinstance(self.trigger, EventsTrigger | BusTrigger | QueueTrigger)
