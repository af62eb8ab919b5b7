"""The event store of a function that answers requests: it remembers what it appended, for the answer's header."""

from collections.abc import Sequence
from typing import Any

from penstock.aws.event_store import DynamoEventStore
from penstock.events.consistency import Written
from penstock.events.model import Commit, Draft, Origin, Position, StreamId


class NotedEventStore(DynamoEventStore):
    """A DynamoEventStore that notes what it appends. `store` is what a DynamoEventStore is made of."""

    def __init__(self, written: Written, *store: Any, **options: Any) -> None:
        super().__init__(*store, **options)
        self._written = written

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        """See EventStore.append."""
        commit = super().append(stream, drafts, expected=expected, commit_id=commit_id, origin=origin)
        self._written.note(commit)
        return commit
