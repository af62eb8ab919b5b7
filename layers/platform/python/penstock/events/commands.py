"""Commands: what somebody wants, as frozen dataclasses of JSON values; a table says which pure function decides each.

    DECISIONS: Decisions[Order] = {PlaceOrder: _place, CancelOrder: _cancel}     # (state, command) → events

    Commands(repository, DECISIONS).handle(stream, CancelOrder("too late"), origin, command_id="request-7")

A decision raises what refuses the command, and no event changes nothing. It is taken on the newest state, and again
when another writer was first, unless the command was meant for one revision only.

An id makes a command take effect once, however often it is sent and whatever came in between: its commit is named after
it, and is found again. The same id with another command is another command. One that changed nothing left no commit,
and is decided anew.

What is not asked for as a command is stored with `settle`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Generic, TypeAlias, TypeVar

from penstock.clock import Clock, utc_now
from penstock.events.aggregate import Loaded, Repository
from penstock.events.errors import Conflict
from penstock.events.model import Origin, StreamId
from penstock.json import canonical

S = TypeVar("S")
T = TypeVar("T")
Decisions: TypeAlias = Mapping[type, Callable[[S, Any], Sequence[Any]]]
TRIES = 5
"""Of the writers that meet, one comes through: a command outlasts this many less one, each time."""
MOST_RIVALS = 50
"""How often what is settled is tried: much is written to one stream side by side."""


@dataclass(frozen=True)
class Commands(Generic[S]):
    """Handles the commands of one kind of aggregate."""

    repository: Repository[S]
    decisions: Decisions[S]
    clock: Clock = utc_now

    def handle(
        self,
        stream: StreamId,
        command: Any,
        origin: Origin,
        *,
        command_id: str | None = None,
        revision: int | None = None,
    ) -> Loaded[S]:
        """The state that the command came to: now, or when it was first sent.

        `revision` is the version of the stream that it is meant for. Raises what the decision does, and Conflict when
        the stream stands at another revision, or others were first TRIES times.
        """
        commit_id = named_after(command_id, command) if command_id else None
        attempt = partial(self._try, stream, command, origin, commit_id, revision)
        return until_first(attempt, TRIES if revision is None else 1)

    def _try(
        self, stream: StreamId, command: Any, origin: Origin, commit_id: str | None, revision: int | None
    ) -> Loaded[S]:
        if commit_id and (outcome := self._outcome(stream, commit_id)):
            return outcome
        loaded = self.repository.load(stream)
        if revision not in (None, loaded.position.version):
            raise Conflict(str(stream), loaded.position.commit)
        events = self.decisions[type(command)](loaded.state, command)
        return self.repository.save(loaded, events, self.clock(), origin, commit_id) if events else loaded

    def _outcome(self, stream: StreamId, commit_id: str) -> Loaded[S] | None:
        """The state after the commit of that id, if there is one. Commits are looked through as they are packed."""
        for packed in self.repository.store.packed(stream):
            if packed.commit_id == commit_id:
                return self.repository.load_at(stream, version=packed.last_version)
        return None


def settle(
    repository: Repository[S],
    stream: StreamId,
    decide: Callable[[S], Sequence[Any]],
    origin: Callable[[S], Origin],
    clock: Clock,
    *,
    loaded: Loaded[S] | None = None,
) -> tuple[Loaded[S], Sequence[Any]]:
    """The state after what was decided is stored, and what that was; decided anew when another writer was first.

    `loaded` is the state to begin with, where it is known. Raises what the decision does, and Conflict when others were
    first MOST_RIVALS times.
    """
    known = [loaded] if loaded else []

    def attempt() -> tuple[Loaded[S], Sequence[Any]]:
        newest = known.pop() if known else repository.load(stream)
        events = decide(newest.state)
        return (repository.save(newest, events, clock(), origin(newest.state)) if events else newest), events

    return until_first(attempt, MOST_RIVALS)


def until_first(attempt: Callable[[], T], tries: int) -> T:
    """What the attempt comes to; made again when another writer was first. Raises Conflict after so many tries."""
    for _ in range(tries - 1):
        with suppress(Conflict):
            return attempt()
    return attempt()


def named_after(command_id: str, command: Any) -> str:
    """32 hex digits that follow from a command and its id: its commit's id, and that of a stream which it begins."""
    return sha256(canonical([command_id, type(command).__name__, command])).hexdigest()[:32]
