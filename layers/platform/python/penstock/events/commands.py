"""Commands: what somebody wants, as frozen dataclasses of JSON values; a table says which pure function decides each.

    DECISIONS: Decisions[Order] = {PlaceOrder: _place, CancelOrder: _cancel}     # (state, command) → events

    Commands(repository, DECISIONS).handle(stream, CancelOrder("too late"), origin, command_id="request-7")

A decision raises what refuses the command, and no event changes nothing. It is taken on the newest state, and again
when another writer was first, unless the command was meant for one revision only.

An id makes a command take effect once, however often it is sent and whatever came in between: its commit is named after
it, and is found again. The same id with another command is another command. One that changed nothing left no commit,
and is decided anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, TypeAlias, TypeVar

from penstock.clock import Clock, utc_now
from penstock.events.aggregate import Loaded, Repository
from penstock.events.errors import Conflict
from penstock.events.model import Origin, StreamId
from penstock.json import canonical

S = TypeVar("S")
Decisions: TypeAlias = Mapping[type, Callable[[S, Any], Sequence[Any]]]
TRIES = 5
"""Of the writers that meet, one comes through: a command outlasts this many less one, each time."""


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
        for _ in range(TRIES - 1 if revision is None else 0):
            try:
                return self._try(stream, command, origin, commit_id, None)
            except Conflict:
                continue
        return self._try(stream, command, origin, commit_id, revision)

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


def named_after(command_id: str, command: Any) -> str:
    """32 hex digits that follow from a command and its id: its commit's id, and that of a stream which it begins."""
    return sha256(canonical([command_id, type(command).__name__, command])).hexdigest()[:32]
