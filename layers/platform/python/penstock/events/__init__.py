"""The event store: what happened, in order, for ever.

A *stream* holds the events of one aggregate. A *commit* is what one append wrote: one or more events,
stored whole or not at all. An append names the `Position` it believes to be the end of the stream and
is refused when another writer was first.

    from penstock.events import StreamId, Draft, Origin, Position
    from penstock.events.memory import MemoryEventStore

Errors:

    EventStoreError
    ├── Conflict            another writer was first: reload and decide again
    ├── StreamGap           a commit is missing between two that were read: read again
    ├── UnknownEventType    this code does not know a stored event: deploy the newer code
    ├── UnknownDictionary   nor the dictionary that a commit was compressed with: likewise
    ├── NoKeyring           personal data is sealed, and this store was made without a keyring
    ├── UnknownKey          nor does the keyring have the key: it is another's, or was lost
    ├── CommitTooLarge      more than the store takes in one append
    ├── InvalidStreamId     a tenant, kind or key that cannot name a stream
    ├── NotCaughtUp         a read model lags behind what its reader has seen: read again
    ├── StoreUnavailable    throttled, timed out or down: repeat later, it is safe
    ├── BadCursor           a cursor that this listing never handed out
    └── ViewTooLarge        a projection's document has grown over the limit
"""

from penstock.events.errors import (
    BadCursor,
    CommitTooLarge,
    Conflict,
    EventStoreError,
    InvalidStreamId,
    NoKeyring,
    NotCaughtUp,
    StoreUnavailable,
    StreamGap,
    UnknownDictionary,
    UnknownEventType,
    UnknownKey,
    ViewTooLarge,
)
from penstock.events.model import Commit, Draft, Event, Origin, Position, StreamId
from penstock.events.store import EventStore

__all__ = [
    "BadCursor",
    "Commit",
    "CommitTooLarge",
    "Conflict",
    "Draft",
    "Event",
    "EventStore",
    "EventStoreError",
    "InvalidStreamId",
    "NoKeyring",
    "NotCaughtUp",
    "Origin",
    "Position",
    "StoreUnavailable",
    "StreamGap",
    "StreamId",
    "UnknownDictionary",
    "UnknownEventType",
    "UnknownKey",
    "ViewTooLarge",
]
