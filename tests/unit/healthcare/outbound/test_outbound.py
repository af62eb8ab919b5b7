"""Outbound messages: queued once, in order, settled by the first report, and sent again as they are."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.codec import Codec
from penstock.events.keyring import MemoryKeyring
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import fold
from penstock.events.views import Row
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit, NodeFailure, Services
from penstock.workflows.runner import LocalRunner
from penstock_healthcare.hl7 import parse
from penstock_healthcare.outbound.checking import MOST_BYTES, sendable
from penstock_healthcare.outbound.errors import UnknownOutbound, Unsendable
from penstock_healthcare.outbound.message import OutboundMessage, ReportOutcome, Status
from penstock_healthcare.outbound.service import Order, Outbound
from penstock_healthcare.projections.hl7_outbound import HL7_OUTBOUND
from penstock_healthcare.subjects.hl7_outbound import HL7_OUTBOUND as SUBJECTS
from tests.unit.healthcare.samples import encoded, sample

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ORIGIN = Origin("workflow:w", "e")
RAW = b"MSH|^~\\&|HIS|HOSP|LAB||20260101||OML^O21|1|P|2.5.1\rPID|1||MRN77^^^H||Delacroix\r"


@pytest.fixture
def store() -> MemoryEventStore:
    return MemoryEventStore()


def sent(store: MemoryEventStore, name: str = "m1", raw: bytes = RAW, queue: str = "e") -> OutboundMessage:
    service = Outbound(store, lambda: NOW)
    service.queue("t", [Order(name, "lab", parse(raw))], ORIGIN, queue, name)
    return service.get("t", name)


def outcome(code: str, number: int = 1, **more: Any) -> ReportOutcome:
    return ReportOutcome(number, code, more.get("errors", []), more.get("acknowledgment", ""), "", 1)


def queued(store: MemoryEventStore, queue: str = "lab.e") -> list[tuple[str, int]]:
    commits = store.commits(StreamId("t", "hl7_queue", queue))
    return [(event.data["message"], event.data["round"]) for commit in commits for event in commit.events]


def row(store: MemoryEventStore, name: str = "m1") -> Row:
    stream = StreamId("t", "hl7_outbound", name)
    found = fold(HL7_OUTBOUND, stream, None, store.commits(stream))
    assert found
    return found


def test_a_message_is_queued_once_however_often_it_is_asked_for(store: MemoryEventStore) -> None:
    first, again = sent(store), sent(store)
    assert first == again
    assert queued(store) == [("m1", 1)]
    assert base64.b64decode(first.raw) == RAW


def test_a_crash_between_storing_and_queuing_is_mended_by_asking_again(store: MemoryEventStore) -> None:
    whole = MemoryEventStore()
    sent(whole)
    stream = StreamId("t", "hl7_outbound", "m1")
    (commit,) = whole.commits(stream)
    sent(store, "m0")
    drafts = [Draft(event.type, event.data, event.time, event.schema) for event in commit.events]
    store.append(stream, drafts, expected=Position(), commit_id=commit.id, origin=ORIGIN)
    sent(store)
    assert queued(store) == [("m0", 1), ("m1", 1)]


def test_each_execution_has_a_queue_in_its_order(store: MemoryEventStore) -> None:
    for name in ("m1", "m2", "m3"):
        sent(store, name)
    sent(store, "m4", queue="f")
    assert [name for name, _ in queued(store)] == ["m1", "m2", "m3"]
    assert queued(store, "lab.f") == [("m4", 1)]


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_a_positive_answer_settles_a_message_for_good(store: MemoryEventStore, code: str) -> None:
    sent(store)
    service = Outbound(store)
    assert service.report("t", "m1", outcome(code), ORIGIN).status is Status.ACKNOWLEDGED
    assert service.report("t", "m1", outcome("AE"), ORIGIN).code == code


def test_a_late_report_of_an_earlier_round_changes_nothing(store: MemoryEventStore) -> None:
    sent(store)
    service = Outbound(store)
    service.report("t", "m1", outcome("AE"), ORIGIN)
    again = service.send_again("t", "m1", "", ORIGIN)
    assert (again.status, again.round, again.code) == (Status.QUEUED, 2, "")
    assert service.report("t", "m1", outcome("AA"), ORIGIN).status is Status.QUEUED
    assert service.report("t", "m1", outcome("AA", 2), ORIGIN).status is Status.ACKNOWLEDGED
    assert queued(store, "lab.m1") == [("m1", 2)]


def test_what_is_not_there_is_neither_reported_on_nor_sent_again(store: MemoryEventStore) -> None:
    service = Outbound(store)
    for ask in (
        lambda: service.get("t", "m9"),
        lambda: service.report("t", "m9", outcome("AA"), ORIGIN),
        lambda: service.send_again("t", "m9", "", ORIGIN),
    ):
        with pytest.raises(UnknownOutbound):
            ask()


@pytest.mark.parametrize("mode", ["", "AL|NE", "NE|AL", "ER|SU", "su|"])
def test_a_message_that_its_receiver_confirms_can_be_sent(mode: str) -> None:
    raw = RAW.replace(b"2.5.1", b"2.5.1|||" + mode.encode(), 1)
    assert sendable(parse(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "location"),
    [
        (RAW.replace(b"|1|P", b"||P"), "MSH-10"),
        (RAW.replace(b"|1|P", b"|" + b"1" * 200 + b"|P"), "MSH-10"),
        (RAW.replace(b"2.5.1", b"2.5.1|||NE|NE"), "MSH-15"),
        (RAW.replace(b"2.5.1", b"2.5.1|||ER|"), "MSH-15"),
        (RAW + b"NTE|1||" + b"x" * MOST_BYTES + b"\r", "MSH"),
    ],
)
def test_a_message_that_nobody_could_confirm_is_not_sent(raw: bytes, location: str) -> None:
    with pytest.raises(Unsendable) as caught:
        sendable(parse(raw))
    assert caught.value.location == location


def test_listings_follow_a_message_and_hold_nothing_of_the_patient(store: MemoryEventStore) -> None:
    sent(store)
    service = Outbound(store, lambda: NOW)
    assert row(store).document["status"] == "queued"
    service.report("t", "m1", outcome("AE", errors=[{"message": "Delacroix"}], acknowledgment="RGVsYWNyb2l4"), ORIGIN)
    failed = row(store)
    assert (failed.document["status"], failed.document["code"], failed.document["rounds"]) == ("failed", "AE", 1)
    service.send_again("t", "m1", "Delacroix is known now", ORIGIN)
    service.report("t", "m1", outcome("AA", 2), ORIGIN)
    done = row(store)
    assert (done.document["status"], done.document["rounds"]) == ("acknowledged", 2)
    assert done.index["status_destination"].startswith("acknowledged|lab|2026-11-24T08:00:00")
    assert not any(secret in f"{failed}{done}" for secret in ("Delacroix", "MRN77", "RGVsYWNyb2l4"))


def test_what_is_known_of_the_patient_can_be_shredded_and_found(store: MemoryEventStore) -> None:
    sent(store)
    answer = {"errors": [{"code": "204", "location": "PID-3", "message": "Delacroix"}], "acknowledgment": "RGVsYQ=="}
    Outbound(store).report("t", "m1", outcome("AE", **answer), ORIGIN)
    codec = Codec(keyring=MemoryKeyring())
    commits = list(store.commits(StreamId("t", "hl7_outbound", "m1")))
    assert "MRN77" in SUBJECTS.found(commits[0].events[0]).identifiers
    blank, refused = [codec.skeleton(codec.pack(commit)).events[0] for commit in commits]
    assert (blank.data["raw"], blank.data["control_id"]) == ("", "1")
    assert refused.data["errors"] == [{"code": "204", "location": "PID-3", "message": ""}]
    assert refused.data["acknowledgment"] == ""
    assert SUBJECTS.found(blank).identifiers == frozenset()


def test_what_is_sent_at_once_stands_in_order_in_one_commit_for_each_destination(store: MemoryEventStore) -> None:
    orders = [Order(f"m{number}", ("lab", "pharmacy")[number % 2], parse(RAW)) for number in range(6)]
    Outbound(store, lambda: NOW).queue("t", orders, ORIGIN, "e", "run")
    assert queued(store, "lab.e") == [("m0", 1), ("m2", 1), ("m4", 1)]
    assert queued(store, "pharmacy.e") == [("m1", 1), ("m3", 1), ("m5", 1)]
    assert len(list(store.commits(StreamId("t", "hl7_queue", "lab.e")))) == 1


def run(store: MemoryEventStore, *items: Any, key: str = "e/n/1/1", **parameters: Any) -> list[Any]:
    """What the node sends out."""
    runner = LocalRunner(catalogue(), Services(store))
    given = {"destination": "lab", **parameters}
    request = NodeRequest("healthcare.hl7.send", {"main": list(items)}, [given], key, 1, NOW, "t", "w", "e")
    emitted = runner.run(request)
    assert isinstance(emitted, Emit)
    return list(emitted.outputs["main"])


def test_the_node_queues_every_item_and_a_second_run_after_a_crash_queues_none(store: MemoryEventStore) -> None:
    items = [{"raw": encoded(RAW), "ward": "3B"}, {"raw": RAW.replace(b"|1|P", b"|2|P").decode()}]
    first, again = run(store, *items), run(store, *items)
    assert first == again
    assert first[0]["ward"] == "3B"
    assert queued(store) == [(item["outbound_id"], 1) for item in first]
    assert base64.b64decode(Outbound(store).get("t", first[0]["outbound_id"]).raw) == RAW


def test_the_node_sends_bytes_as_they_are(store: MemoryEventStore) -> None:
    raw = sample("adt_a01_latin1")
    (item,) = run(store, {"raw": encoded(raw)})
    assert base64.b64decode(Outbound(store).get("t", item["outbound_id"]).raw) == raw


@pytest.mark.parametrize(
    ("raw", "kind"),
    [("", "NoMessage"), ("not HL7 of Delacroix", "NoMessage"), (RAW.replace(b"|1|P", b"||P").decode(), "Unsendable")],
)
def test_the_node_fails_for_good_on_what_cannot_be_sent_and_never_quotes_it(
    store: MemoryEventStore, raw: str, kind: str
) -> None:
    with pytest.raises(NodeFailure) as caught:
        run(store, {"raw": raw})
    assert (caught.value.kind, caught.value.permanent) == (kind, True)
    assert "Delacroix" not in caught.value.message
    assert list(store.streams()) == []


def test_a_run_of_too_many_messages_is_refused_before_any_is_queued(store: MemoryEventStore) -> None:
    with pytest.raises(NodeFailure) as caught:
        run(store, *[{"raw": RAW.decode()}] * 1_001)
    assert caught.value.kind == "TooManyMessages"
    assert list(store.streams()) == []
