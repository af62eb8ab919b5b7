"""The healthcare nodes, each as the engine runs it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit, NodeFailure, Services
from penstock.workflows.runner import LocalRunner
from penstock.workflows.triggers import event_item, found_by, wants
from penstock_healthcare.messages.service import Messages, Reception
from tests.unit.healthcare.samples import encoded, lines, sample

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
Outputs = Mapping[str, Sequence[dict[str, Any]]]


def run(kind: str, *items: Any, store: MemoryEventStore | None = None, **parameters: Any) -> Outputs:
    """What a node sends out."""
    runner = LocalRunner(catalogue(), Services(store or MemoryEventStore()))
    request = NodeRequest(kind, {"main": list(items)}, [parameters], "e/n/1/1", 1, NOW, "acme", "w", "e")
    outcome = runner.run(request)
    assert isinstance(outcome, Emit)
    return outcome.outputs


def raw(*segments: str) -> dict[str, str]:
    return {"raw": encoded(lines(*segments))}


def observation(code: str | None = None, status: str = "final", **more: Any) -> dict[str, Any]:
    flagged = {"interpretation": [{"coding": [{"code": code}]}]} if code else {}
    return {"resourceType": "Observation", "id": "o", "status": status, "code": {"text": "K"}, **flagged, **more}


def received(store: MemoryEventStore, name: str) -> list[dict[str, Any]]:
    """The events of a received message, as triggers get them."""
    reception = Reception(sample(name), "2026-11-24T08:00:00.000Z", {})
    message = Messages(store, lambda: NOW).receive("acme", reception, Origin("a", "b"))
    return [event_item(event) for commit in store.commits(message.id) for event in commit.events]


def test_the_trigger_hears_accepted_messages_of_its_types_and_senders() -> None:
    stored, accepted = received(MemoryEventStore(), "oru_r01_normal")
    kind = "healthcare.trigger.hl7"
    assert list(found_by(kind, {})) == [("event", "hl7_message")]
    assert wants(kind, {}, accepted)
    assert wants(kind, {"message_types": ["ORU^R01"], "sending_facilities": ["LAKESIDE"]}, accepted)
    assert not wants(kind, {"message_types": ["ADT^A01"]}, accepted)
    assert not wants(kind, {"sending_applications": ["RIS"]}, accepted)
    assert not wants(kind, {}, stored)


def test_the_trigger_gives_the_message_as_it_was_received() -> None:
    store = MemoryEventStore()
    [item] = run("healthcare.trigger.hl7", received(store, "adt_a01_latin1")[1], store=store)["main"]
    assert item["raw"] == encoded(sample("adt_a01_latin1"))
    assert (item["message_type"], item["control_id"]) == ("ADT^A01", "KIS0004471208")
    assert len(item["message_id"]) == 32


def test_the_trigger_gives_the_message_as_it_was_then_and_not_as_it_was_corrected_later() -> None:
    store = MemoryEventStore()
    event = received(store, "oru_r01_normal")[1]
    Messages(store).resubmit("acme", event["key"], Origin("a", "b"), sample("oru_r01_abnormal"))
    [item] = run("healthcare.trigger.hl7", event, store=store)["main"]
    assert item["raw"] == encoded(sample("oru_r01_normal"))


def test_the_trigger_lets_an_item_with_a_message_through() -> None:
    assert run("healthcare.trigger.hl7", {"raw": "MSH|…"})["main"] == [{"raw": "MSH|…"}]


@pytest.mark.parametrize("item", [{}, {"kind": "hl7_message", "key": "unknown", "version": 2}])
def test_the_trigger_fails_on_what_is_no_message(item: dict[str, Any]) -> None:
    with pytest.raises(NodeFailure) as caught:
        run("healthcare.trigger.hl7", item)
    assert caught.value.permanent


def test_parsing_adds_the_message_and_keeps_the_item() -> None:
    [item] = run("healthcare.hl7.parse", {"ward": "3B", **raw("PID|1||P1||Doe^Jane")})["main"]
    assert (item["ward"], item["message_type"], item["control_id"]) == ("3B", "ORU^R01", "C1")
    assert item["hl7"]["PID"]["5"][0] == {"1": {"1": "Doe"}, "2": "Jane"}


def test_parsing_reads_a_message_that_an_expression_gives() -> None:
    [item] = run("healthcare.hl7.parse", {}, message=lines("PID|1").decode())["main"]
    assert item["control_id"] == "C1"


@pytest.mark.parametrize("kind", ["healthcare.hl7.parse", "healthcare.patient.check", "healthcare.fhir.from_hl7"])
def test_a_message_that_cannot_be_read_fails_for_good_and_is_not_quoted(kind: str) -> None:
    with pytest.raises(NodeFailure) as caught:
        run(kind, {"raw": encoded(b"MSH|Doe|Jane")})
    assert (caught.value.kind, caught.value.permanent) == ("NoMessage", True)
    assert "item 0" in str(caught.value)
    assert "Doe" not in str(caught.value)


def test_checking_parts_valid_messages_from_invalid_ones() -> None:
    good, bad = raw("PID|1||P1||Doe", "OBR|1|||K"), raw("PID|1||||Doe", "OBR|1|||K")
    none = {"raw": encoded(b"Doe")}
    outputs = run("healthcare.hl7.check", good, bad, none)
    assert [item["findings"] for item in outputs["valid"]] == [[]]
    assert [item["findings"][0]["rule"] for item in outputs["invalid"]] == ["required", "readable"]


def test_checking_can_be_as_strict_as_one_wants() -> None:
    item = raw("PID|1||P1||Doe", "OBR|1|||K", "QQQ|1")
    assert len(run("healthcare.hl7.check", item)["valid"]) == 1
    assert len(run("healthcare.hl7.check", item, invalid_from="warning")["invalid"]) == 1


@pytest.mark.parametrize(
    ("segment", "path"),
    [
        ("PID|1||||Doe^Jane||19700101", "PID-3"),
        ('PID|1||""||Doe^Jane||19700101', "PID-3"),
        ("PID|1||P1||||19700101", "PID-5"),
        ("PID|1||P1||Doe^Jane", "PID-7"),
        ("PID|1||P1||Doe^Jane||19701301", "PID-7"),
        ("PID|1||P1||Doe^Jane||20261125", "PID-7"),
        ("PID|1||P1||Doe^Jane||18900101", "PID-7"),
        ("PV1|1|I", "PID"),
    ],
)
def test_a_patient_that_is_not_known_well_enough_is_a_problem(segment: str, path: str) -> None:
    outputs = run("healthcare.patient.check", raw(segment))
    assert outputs["ok"] == []
    [item] = outputs["problem"]
    assert [reason["path"] for reason in item["reasons"]] == [path]
    assert "Doe" not in str(item["reasons"])


def test_a_patient_that_is_known_passes_unchanged() -> None:
    item = raw("PID|1||P1||Doe^Jane||19700101")
    assert run("healthcare.patient.check", item)["ok"] == [item]
    assert run("healthcare.patient.check", raw("PID|1||P1"), require=["identifier"])["problem"] == []
    assert len(run("healthcare.patient.check", item, require=["sex"])["problem"]) == 1


def test_mapping_gives_resources_and_takes_the_message_away() -> None:
    item = {"message_id": "m", "hl7": {}, "raw": encoded(sample("oru_r01_normal"))}
    [mapped] = run("healthcare.fhir.from_hl7", item)["main"]
    assert set(mapped) == {"message_id", "resources", "problems", "unmapped"}
    assert len(mapped["resources"]) == 12
    [kept] = run("healthcare.fhir.from_hl7", item, keep_message=True)["main"]
    assert kept["raw"] == item["raw"]


def test_mapping_fails_on_a_type_without_a_mapping() -> None:
    with pytest.raises(NodeFailure, match="there is no mapping of BAR"):
        run("healthcare.fhir.from_hl7", {"raw": encoded(lines().replace(b"ORU^R01^ORU_R01", b"BAR^P01"))})


def test_an_unknown_time_zone_is_refused_by_name() -> None:
    with pytest.raises(NodeFailure, match=r"time_zone: .*Europe/Berlin"):
        run("healthcare.fhir.from_hl7", raw("PID|1"), time_zone="Mars/Olympus")


def test_saving_twice_stores_once_and_says_so() -> None:
    store = MemoryEventStore()
    item = {"resources": [{"resourceType": "Patient", "id": "p"}]}
    [first], [again] = (run("healthcare.fhir.save", item, store=store)["main"] for _ in range(2))
    assert first["saved"] == [{"reference": "Patient/p", "version": 1, "changed": True}]
    assert again["saved"] == [{"reference": "Patient/p", "version": 1, "changed": False}]
    assert [stream.kind for stream in store.streams()] == ["fhir"]


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({"resourceType": "Patient", "id": "p", "gender": "Doe"}, r": Patient\.gender"),
        ({"resourceType": "Patient"}, r"\.id"),
    ],
)
def test_saving_strictly_keeps_all_or_none_and_their_digits(bad: dict[str, Any], place: str) -> None:
    store = MemoryEventStore()
    good = observation(valueQuantity={"value": "4.10"})
    with pytest.raises(NodeFailure, match=rf"item 0: resources\[1\]{place}") as caught:
        run("healthcare.fhir.save", {"resources": [good, bad]}, store=store, strict=True)
    assert "Doe" not in str(caught.value)
    assert list(store.streams()) == []
    run("healthcare.fhir.save", {"resources": [good]}, store=store, strict=True)
    [commit] = store.commits(StreamId("acme", "fhir", "Observation-o"))
    assert '"value":4.10' in commit.events[0].data["text"]


def test_what_is_saved_can_be_found_by_its_execution() -> None:
    store = MemoryEventStore()
    run("healthcare.fhir.save", {}, store=store, resources=[{"resourceType": "Patient", "id": "p"}])
    [commit] = store.commits(StreamId("acme", "fhir", "Patient-p"))
    assert (commit.events[0].origin.actor, commit.events[0].origin.correlation) == ("workflow:w", "e")


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ("none", "resources: must be a list"),
        (["text"], r"resources\[0\]: must be an object"),
        ([{"resourceType": "Patient", "id": "p"}, {"id": "q"}], r"resources\[1\]\.resourceType"),
        ([{"resourceType": "Patient", "id": "no spaces"}], r"resources\[0\]\.id"),
    ],
)
def test_what_is_no_resource_fails_by_its_place(resources: Any, place: str) -> None:
    with pytest.raises(NodeFailure, match=place) as caught:
        run("healthcare.fhir.save", {"resources": resources})
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("resources", "level"),
    [
        ([observation("N"), observation("HH"), observation("H")], "critical"),
        ([observation("N"), observation("L")], "abnormal"),
        ([observation("N"), observation()], "normal"),
        ([observation("HH", status="entered-in-error")], "normal"),
        ([{"resourceType": "Patient", "id": "p"}], "normal"),
        ([], "normal"),
    ],
)
def test_a_result_is_as_serious_as_its_most_serious_observation(resources: Any, level: str) -> None:
    outputs = run("healthcare.result.flag", {"resources": resources})
    assert {port: len(items) for port, items in outputs.items() if items} == {level: 1}


def test_the_flag_names_the_observations_that_made_it() -> None:
    [item] = run("healthcare.result.flag", {"resources": [observation("N"), observation("HH")]})["critical"]
    assert item["flag"]["observations"] == [
        {"reference": "Observation/o", "code": "", "display": "K", "interpretation": ["HH"]}
    ]


@pytest.mark.parametrize(
    ("value", "bounds", "level"),
    [
        ("5.2", {"low": "3.5", "high": "5.1"}, "abnormal"),
        ("3.4", {"low": "3.5", "high": "5.1"}, "abnormal"),
        ("5.10", {"low": "3.5", "high": "5.1"}, "normal"),
        ("9", {"low": "3.5"}, "normal"),
        ("9", {}, "normal"),
    ],
)
def test_a_quantity_that_nobody_flagged_is_compared_with_its_range(value: str, bounds: Any, level: str) -> None:
    ranges = [{"text": "x", **{name: {"value": bound} for name, bound in bounds.items()}}]
    found = observation(valueQuantity={"value": value}, referenceRange=ranges)
    assert len(run("healthcare.result.flag", {"resources": [found]})[level]) == 1


def test_what_is_critical_can_be_chosen() -> None:
    item = {"resources": [observation("R")]}
    assert len(run("healthcare.result.flag", item, critical=["R"])["critical"]) == 1


def test_every_healthcare_node_says_what_it_does() -> None:
    found = [each for each in catalogue().values() if each.wing == "healthcare"]
    assert len(found) >= 40
    for each in found:
        assert len(each.description.splitlines()) > 2
        assert all("description" in field for field in each.schema.get("properties", {}).values())
