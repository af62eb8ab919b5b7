"""Received messages: how they are read, and what happens when two do the same at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Commit, Conflict, Draft, Origin, Position, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project
from penstock.events.views import MemoryViewStore
from penstock_healthcare.messages.errors import NoMessage, UnknownMessage
from penstock_healthcare.messages.events import HL7MessageAccepted, HL7MessageRejected
from penstock_healthcare.messages.message import Status
from penstock_healthcare.messages.reading import MOST_FINDINGS, read
from penstock_healthcare.messages.service import Messages, Reception, message_id
from penstock_healthcare.messages.sources import message_in
from penstock_healthcare.projections.hl7_messages import HL7_MESSAGES
from tests.unit.healthcare.samples import encoded, lines, sample

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ORIGIN = Origin("key:gateway", "request-1", "request:1")
GOOD = lines("PID|1||P1^^^HOSP^MR||Doe^Jane")


def reception(raw: bytes) -> Reception:
    return Reception(raw, "2026-11-24T08:00:00.000Z", {"peer": "10.0.0.1", "listener": "lab"})


def messages(store: Any = None) -> Messages:
    return Messages(store or MemoryEventStore(), lambda: NOW)


class Rivalled(MemoryEventStore):
    """A store where a rival's append is always first, once for each commit id."""

    def __init__(self) -> None:
        super().__init__()
        self.beaten: set[str] = set()

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        if commit_id not in self.beaten:
            self.beaten.add(commit_id)
            super().append(stream, drafts, expected=expected, commit_id=f"rival {commit_id}", origin=origin)
        return super().append(stream, drafts, expected=expected, commit_id=commit_id, origin=origin)


class Dying(MemoryEventStore):
    """A store that dies before its second append."""

    def append(self, stream: StreamId, drafts: Sequence[Draft], **more: Any) -> Commit:
        if drafts[0].type != "HL7MessageStored":
            raise ConnectionError
        return super().append(stream, drafts, **more)


def test_a_readable_message_is_accepted_with_its_header() -> None:
    message = messages().receive("acme", reception(GOOD), ORIGIN)
    assert message.status is Status.ACCEPTED
    assert message.header["message_type"] == "ORU^R01"
    assert message.content == GOOD


def test_a_message_with_findings_is_accepted_and_they_are_kept() -> None:
    message = messages().receive("acme", reception(lines("PID|1||||Doe^Jane", "OBR|1|||K", "ZZZ|x", "QQQ|y")), ORIGIN)
    assert message.status is Status.ACCEPTED
    assert {(found["path"], found["severity"]) for found in message.findings} == {
        ("PID-3", "error"),
        ("QQQ", "warning"),
    }


@pytest.mark.parametrize("raw", [b"", b"hello", b"\x00\xff\xfe", b"MSH", b"PID|1", b"MSH|^~\\&|" + b"\xff" * 1000])
def test_any_bytes_at_all_are_stored_and_judged(raw: bytes) -> None:
    message = messages().receive("acme", reception(raw), ORIGIN)
    assert message.status is Status.REJECTED
    assert message.content == raw


def test_two_messages_in_one_are_refused() -> None:
    outcome = read(GOOD + GOOD)
    assert isinstance(outcome, HL7MessageRejected)
    assert (outcome.error["location"], outcome.error["acknowledgment"]) == ("MSH[1]", "AE")


def test_no_more_findings_are_kept_than_a_person_would_read() -> None:
    outcome = read(lines("PID|1||P1||Doe", *["OBX|1|NM"] * 200))
    assert isinstance(outcome, HL7MessageAccepted)
    assert len(outcome.findings) == MOST_FINDINGS


def test_an_error_names_its_place_and_never_quotes_the_message() -> None:
    for raw in (sample("oru_r01_malformed"), b"Doe^Jane", GOOD.replace(b"C1", b"")):
        outcome = read(raw)
        assert isinstance(outcome, HL7MessageRejected)
        assert outcome.error["location"].startswith("MSH")
        assert not any(name in str(outcome.error) for name in ("Doe", "Lindqvist"))


def test_a_rivals_message_is_taken_as_ones_own() -> None:
    store = Rivalled()
    message = messages(store).receive("acme", reception(GOOD), ORIGIN)
    assert message.status is Status.ACCEPTED
    assert [len(commit.events) for commit in store.commits(message.id)] == [1, 1]


def test_a_message_that_was_stored_and_never_read_is_read_when_it_comes_again() -> None:
    store = Dying()
    with pytest.raises(ConnectionError):
        messages(store).receive("acme", reception(GOOD), ORIGIN)
    assert messages(store).get("acme", message_id(GOOD)).status is Status.STORED
    store.__class__ = MemoryEventStore  # type: ignore[assignment]  # it recovers
    assert messages(store).receive("acme", reception(GOOD), ORIGIN).status is Status.ACCEPTED


def test_a_message_can_be_read_as_it_was() -> None:
    service = messages()
    message = service.receive("acme", reception(sample("oru_r01_malformed")), ORIGIN)
    service.resubmit("acme", message.id.key, ORIGIN, GOOD)
    assert service.get("acme", message.id.key).content == GOOD
    assert service.get("acme", message.id.key, 2).content == sample("oru_r01_malformed")


def test_an_unknown_message_is_neither_read_nor_resubmitted() -> None:
    with pytest.raises(UnknownMessage):
        messages().get("acme", "nothing")
    with pytest.raises(UnknownMessage):
        messages().get("acme", "nothing", 1)
    with pytest.raises(UnknownMessage):
        messages().resubmit("acme", "nothing", ORIGIN)


def test_a_resubmission_that_comes_too_late_conflicts() -> None:
    store = Rivalled()
    service = messages(store)
    message = service.receive("acme", reception(GOOD), ORIGIN)
    with pytest.raises(Conflict):
        service.resubmit("acme", message.id.key, ORIGIN)


def test_the_read_model_follows_a_message_through_its_life() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    service = messages(store)
    message = service.receive("acme", reception(sample("oru_r01_malformed")), ORIGIN)
    project(store, views, HL7_MESSAGES, message.id)
    [shown] = views.list("acme", "hl7_messages", index="status", prefix="rejected|").items
    assert shown.document["error"]["code"] == "199"
    service.resubmit("acme", message.id.key, ORIGIN, GOOD)
    project(store, views, HL7_MESSAGES, message.id)
    assert views.list("acme", "hl7_messages", index="status", prefix="rejected|").items == []
    [shown] = views.list("acme", "hl7_messages", index="status_type", prefix="accepted|ORU^R01|").items
    assert (shown.document["submissions"], shown.document["error"]) == (2, None)


@pytest.mark.parametrize("text", [encoded(GOOD), GOOD.decode(), "\x0b" + GOOD.decode()])
def test_an_item_holds_a_message_as_base64_or_as_text(text: str) -> None:
    assert message_in({"raw": text}).control_id == "C1"


def test_latin_1_travels_through_base64() -> None:
    assert bytes(message_in({"raw": encoded(sample("adt_a01_latin1"))})) == sample("adt_a01_latin1")


def test_text_is_read_as_text_whatever_charset_it_names() -> None:
    text = lines("PID|1||P1||Dvo\u0159\u00e1k").decode().replace("2.5.1", "2.5.1|||||CZE|8859/2")
    assert message_in({"raw": text}).value("PID-5") == "Dvo\u0159\u00e1k"


@pytest.mark.parametrize(
    "item", [{}, {"raw": ""}, {"raw": 7}, {"raw": "Doe, Jane"}, {"raw": "Döe"}, {"raw": encoded(b"Doe")}]
)
def test_an_item_without_a_message_is_told_why_without_quoting_it(item: dict[str, Any]) -> None:
    with pytest.raises(NoMessage) as caught:
        message_in(item)
    assert "Doe" not in str(caught.value)
