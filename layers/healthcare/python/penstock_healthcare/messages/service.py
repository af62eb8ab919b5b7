"""Receives HL7 messages: stored as they came, then read.

A message's id follows from its bytes, so a gateway that sends one again, on another connection or after a crash, gets
the first one's answer, and nothing starts twice. A real message says who sent it, when and under which control id;
two with the same bytes are the same.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from penstock.clock import Clock, utc_now
from penstock.events import Conflict, EventStore, Origin
from penstock.events.aggregate import Loaded, MemorySnapshotStore, Repository
from penstock.json import JSONObject
from penstock_healthcare.messages.errors import UnknownMessage
from penstock_healthcare.messages.events import HL7MessageResubmitted, HL7MessageStored
from penstock_healthcare.messages.message import AGGREGATE, ReceivedMessage
from penstock_healthcare.messages.reading import read


@dataclass(frozen=True, slots=True)
class Reception:
    """A raw message with where it came from. `received_at` is RFC 3339, `source` is `{peer, listener}`."""

    raw: bytes
    received_at: str
    source: JSONObject


@dataclass(frozen=True)
class Messages:
    """The received messages of every tenant."""

    store: EventStore
    clock: Clock = utc_now

    def receive(self, tenant: str, reception: Reception, origin: Origin) -> ReceivedMessage:
        """Store the message, then read it; one that is there already is only read when that is still to be done.

        One that was shredded is stored again, and read as if it were sent in again.

        The events' correlation is the message's id: what they start can be found by it.
        """
        loaded = self._load(tenant, message_id(reception.raw))
        if not loaded.exists:
            loaded = self._save(loaded, [_stored(reception)], origin, "stored")
        elif not loaded.state.raw:
            again = HL7MessageResubmitted(_text(reception.raw), "sent again after it was shredded")
            loaded = self._save(loaded, [again], origin, f"stored {loaded.state.submissions + 1}")
        return self._read(loaded, origin).state

    def resubmit(
        self, tenant: str, message: str, origin: Origin, raw: bytes | None = None, reason: str = ""
    ) -> ReceivedMessage:
        """Send a message in again, corrected when `raw` is given. Raises UnknownMessage, Conflict."""
        loaded = self._existing(tenant, message)
        again = HL7MessageResubmitted(_text(raw) if raw is not None else None, reason)
        return self._read(self._append(loaded, [again], origin, None), origin).state

    def get(self, tenant: str, message: str, version: int | None = None) -> ReceivedMessage:
        """A message as it is, or as it was after an event. Raises UnknownMessage."""
        if version is None:
            return self._existing(tenant, message).state
        loaded = self._repository().load_at(AGGREGATE.stream(tenant, message), version=version)
        if not loaded.exists:
            raise UnknownMessage(message)
        return loaded.state

    def _read(self, loaded: Loaded[ReceivedMessage], origin: Origin) -> Loaded[ReceivedMessage]:
        """Read what is stored; a rival that was faster came to the same."""
        if loaded.state.is_read:
            return loaded
        return self._save(loaded, [read(loaded.state.content)], origin, f"read {loaded.state.submissions}")

    def _save(
        self, loaded: Loaded[ReceivedMessage], events: Sequence[Any], origin: Origin, commit_id: str
    ) -> Loaded[ReceivedMessage]:
        try:
            return self._append(loaded, events, origin, commit_id)
        except Conflict:
            return self._repository().load(loaded.stream)

    def _append(
        self, loaded: Loaded[ReceivedMessage], events: Sequence[Any], origin: Origin, commit_id: str | None
    ) -> Loaded[ReceivedMessage]:
        caused = replace(origin, correlation=loaded.stream.key)
        return self._repository().save(loaded, events, self.clock(), caused, commit_id)

    def _existing(self, tenant: str, message: str) -> Loaded[ReceivedMessage]:
        loaded = self._load(tenant, message)
        if not loaded.exists:
            raise UnknownMessage(message)
        return loaded

    def _load(self, tenant: str, message: str) -> Loaded[ReceivedMessage]:
        return self._repository().load(AGGREGATE.stream(tenant, message))

    def _repository(self) -> Repository[ReceivedMessage]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())


def message_id(raw: bytes) -> str:
    """32 hex digits that follow from the bytes."""
    return hashlib.sha256(raw).hexdigest()[:32]


def _stored(reception: Reception) -> HL7MessageStored:
    return HL7MessageStored(
        raw=_text(reception.raw),
        sha256=hashlib.sha256(reception.raw).hexdigest(),
        size=len(reception.raw),
        received_at=reception.received_at,
        source=reception.source,
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
