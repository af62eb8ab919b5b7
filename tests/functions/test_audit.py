"""Every read of health information leaves an AuditEvent, before its answer; none can be changed, and all are chained."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.events import Origin, StoreUnavailable
from penstock.identity.model import Scope
from penstock_healthcare.access.trail import Trail
from penstock_healthcare.access.verification import verify
from penstock_healthcare.fhir.from_hl7 import from_hl7
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.validation import is_valid, validate
from penstock_healthcare.hl7 import parse
from tests.functions.cloud import Cloud
from tests.functions.test_fhir import PATH, saved
from tests.functions.test_hl7_outbound import PATH as OUTBOUND
from tests.functions.test_hl7_outbound import order, queue
from tests.unit.healthcare.samples import encoded, sample

AUDIT = f"{PATH}/AuditEvent"
MESSAGES = "/v1/healthcare/messages"


def recorded(cloud: Cloud) -> list[Any]:
    """All AuditEvents, in the order in which they were kept."""
    streams = [stream for stream in cloud.streams() if stream.key.startswith("AuditEvent-")]
    found = [Resources(wiring.events()).get(stream.tenant, *stream.key.split("-", 1)).resource for stream in streams]
    return sorted(found, key=lambda each: (each["recorded"], int(each["id"].rpartition(".")[2])))


def entities(found: Any) -> list[str]:
    return [each["what"]["reference"] for each in found["entity"] if "what" in each]


def patient_and_observation(cloud: Cloud) -> tuple[str, str]:
    resources = saved(cloud, "oru_r01_normal")
    first = next(each["id"] for each in resources if each["resourceType"] == "Observation")
    return f"Patient/{resources[0]['id']}", f"Observation/{first}"


@pytest.mark.parametrize(
    ("more", "interaction"), [("", "read"), ("/_history/1", "vread"), ("/_history", "history-instance")]
)
def test_a_read_tells_who_read_what_of_whom_and_what_for(cloud: Cloud, more: str, interaction: str) -> None:
    patient, observation = patient_and_observation(cloud)
    key = cloud.new_key("acme", Scope.READ)
    headers = {"X-Purpose-Of-Use": "TREAT"}
    assert cloud.request("fhir", "GET", f"{PATH}/{observation}{more}", key=key, headers=headers).status == 200
    (found,) = recorded(cloud)
    assert is_valid(validate(found)), validate(found)
    assert found["agent"][0]["altId"] == f"key:{key.split('.')[1]}"
    assert found["subtype"][0]["code"] == interaction
    assert found["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert (found["action"], found["outcome"]) == ("R", "0")
    assert entities(found) == [observation, patient]


def test_a_search_is_one_audit_event_that_names_its_parameters_and_not_their_values(cloud: Cloud) -> None:
    patient, _ = patient_and_observation(cloud)
    query = {"patient": patient, "code": "http://loinc.org|2823-3", "Zzyzxwick": "88412907", "_count": "100"}
    found = cloud.request("fhir", "GET", f"{PATH}/Observation", query=query).body
    (event,) = recorded(cloud)
    assert is_valid(validate(event)), validate(event)
    asked = next(each for each in event["entity"] if "query" in each)
    assert base64.b64decode(asked["query"]).decode() == "Observation?patient=&code=&(other)=&_count="
    assert {"88412907", "Zzyzxwick", "2823-3"} & set(json.dumps(event).split('"')) == set()
    shown = [f"Observation/{each['resource']['id']}" for each in found.get("entry", ())]
    assert set(entities(event)) == {*shown, patient}


def test_all_that_there_is_about_a_patient_is_one_audit_event_and_holds_none_itself(cloud: Cloud) -> None:
    patient, _ = patient_and_observation(cloud)
    for _ in range(2):
        bundle = cloud.request("fhir", "GET", f"{PATH}/{patient}/$everything").body
        cloud.catch_up()
    first, second = recorded(cloud)
    kinds = {each["resource"]["resourceType"] for each in bundle["entry"]}
    assert (first["subtype"][0]["code"], len(first["entity"])) == ("operation", len(bundle["entry"]))
    assert ("AuditEvent" in kinds, len(second["entity"])) == (False, len(first["entity"]))


def test_each_read_of_a_batch_is_recorded(cloud: Cloud) -> None:
    patient, observation = patient_and_observation(cloud)
    entry = [{"request": {"method": "GET", "url": url}} for url in (patient, observation, "Observation?code=x")]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entry}
    assert cloud.request("fhir", "POST", PATH, bundle).status == 200
    assert [each["subtype"][0]["code"] for each in recorded(cloud)] == ["read", "read", "search-type"]


def test_messages_are_recorded_with_the_patient_whom_they_are_about(cloud: Cloud) -> None:
    raw = sample("oru_r01_normal")
    patient = f"Patient/{from_hl7(parse(raw)).resources[0]['id']}"
    made = cloud.request("hl7_messages", "POST", MESSAGES, {"raw": encoded(sample("oru_r01_normal"))}).body["id"]
    assert cloud.request("hl7_messages", "GET", f"{MESSAGES}/{made}").status == 200
    (received,) = recorded(cloud)
    assert received["entity"][0]["what"]["identifier"] == {"system": "urn:penstock:stream:hl7_message", "value": made}
    assert received["entity"][1]["what"]["reference"] == patient


def test_outbound_messages_are_recorded_whenever_their_content_is_answered(cloud: Cloud) -> None:
    queue(cloud, "m1", order("1"))
    cloud.request("hl7_outbound", "GET", f"{OUTBOUND}/m1")
    cloud.request("hl7_outbound", "POST", f"{OUTBOUND}/m1/outcome", {"round": 1, "code": "AA"})
    cloud.request("hl7_outbound", "POST", f"{OUTBOUND}/m1/send")
    found = recorded(cloud)
    assert [each["subtype"][0]["code"] for each in found] == ["read", "report", "send"]
    assert all(each["entity"][0]["what"]["identifier"]["value"] == "m1" for each in found)


@pytest.mark.parametrize(
    ("function", "path"),
    [("fhir", f"{PATH}/Patient/p"), ("fhir", f"{PATH}/Patient"), ("hl7_messages", f"{MESSAGES}/m")],
)
def test_refused_and_failed_reads_are_recorded_too(cloud: Cloud, function: str, path: str) -> None:
    key = cloud.new_key("acme", Scope.INGEST)
    assert cloud.request(function, "GET", path, key=key).status == 403
    (refused,) = recorded(cloud)
    assert (refused["outcome"], refused["outcomeDesc"]) == ("8", "this needs the scope read")
    if function == "fhir" and path.endswith("/p"):
        assert cloud.request(function, "GET", path).status == 404
        assert [each["outcome"] for each in recorded(cloud)] == ["8", "4"]


def test_nothing_is_answered_when_the_audit_event_cannot_be_kept(cloud: Cloud, monkeypatch: Any) -> None:
    patient, _ = patient_and_observation(cloud)

    def down(*_: Any, **__: Any) -> str:
        raise StoreUnavailable("throttled")

    monkeypatch.setattr(Trail, "keep", down)
    answer = cloud.request("fhir", "GET", f"{PATH}/{patient}")
    assert (answer.status, answer.body["resourceType"]) == (500, "OperationOutcome")
    assert "birthDate" not in answer.text


def test_audit_events_are_found_by_patient_agent_and_date(cloud: Cloud) -> None:
    patient, observation = patient_and_observation(cloud)
    key = cloud.new_key("acme", Scope.READ)
    cloud.request("fhir", "GET", f"{PATH}/{observation}", key=key)
    cloud.request("fhir", "GET", f"{PATH}/Medication")
    cloud.catch_up()
    day = recorded(cloud)[0]["recorded"][:10]
    for query, count in (
        ({"patient": patient}, 1),
        ({"patient": "Patient/other"}, 0),
        ({"altid": f"key:{key.split('.')[1]}"}, 1),
        ({"altid": "key:nobody"}, 0),
        ({"date": day, "patient": patient}, 1),
        ({"date": "lt2020-01-01"}, 0),
    ):
        found = cloud.request("fhir", "GET", AUDIT, query=query).body
        assert len(found.get("entry", ())) == count, query
    (first, *_) = recorded(cloud)
    assert cloud.request("fhir", "GET", f"{AUDIT}/{first['id']}").body["id"] == first["id"]


def test_audit_events_are_neither_changed_nor_deleted(cloud: Cloud) -> None:
    patient, _ = patient_and_observation(cloud)
    cloud.request("fhir", "GET", f"{PATH}/{patient}")
    (event,) = recorded(cloud)
    changed, path = {**event, "outcome": "4"}, f"{AUDIT}/{event['id']}"
    put = {"method": "PUT", "url": f"AuditEvent/{event['id']}"}
    transaction = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": changed, "request": put}]}
    answers = [
        cloud.request("fhir", "PUT", path, changed),
        cloud.request("fhir", "PUT", AUDIT, changed, query={"_id": event["id"]}),
        cloud.request("fhir", "DELETE", path),
        cloud.request("fhir", "POST", PATH, transaction),
    ]
    assert [each.status for each in answers] == [405] * 4
    assert all("a record" in each.body["issue"][0]["diagnostics"] for each in answers)
    batch = cloud.request("fhir", "POST", PATH, {**transaction, "type": "batch"}).body
    assert batch["entry"][0]["response"]["status"].startswith("405")
    assert recorded(cloud) == [event]


def events_of(cloud: Cloud, count: int) -> Sequence[str]:
    for _ in range(count):
        cloud.request("fhir", "GET", f"{PATH}/Medication")
    return [each["id"] for each in recorded(cloud)]


def test_a_trail_that_was_changed_is_told(cloud: Cloud) -> None:
    names = events_of(cloud, 4)
    streams = cloud.streams()
    assert verify(streams, wiring.events().packed).findings == ()
    key = {"pk": {"S": f"acme#fhir#AuditEvent-{names[1]}"}, "commit": {"N": "1"}}
    client = clients.dynamodb()
    item = client.get_item(TableName="events", Key=key)["Item"]
    client.put_item(TableName="events", Item={**item, "blob": {"B": item["blob"]["B"] + b"x"}})
    (finding,) = verify(streams, wiring.events().packed).findings
    assert finding.stream.key == f"AuditEvent-{names[2]}"
    client.delete_item(TableName="events", Key=key)
    (finding,) = verify(streams, wiring.events().packed).findings
    assert (finding.stream.key, finding.reason) == (f"AuditEvent-{names[1]}", "it is gone")


def test_the_end_of_a_trail_that_was_cut_off_is_told_by_the_feed(cloud: Cloud) -> None:
    names, heard = events_of(cloud, 2), cloud.streams()
    clients.dynamodb().delete_item(
        TableName="events", Key={"pk": {"S": f"acme#fhir#AuditEvent-{names[1]}"}, "commit": {"N": "1"}}
    )
    assert verify(cloud.streams(), wiring.events().packed).findings == ()
    (finding,) = verify(heard, wiring.events().packed).findings
    assert finding.stream.key == f"AuditEvent-{names[1]}"


def test_workflows_cannot_write_over_an_audit_event(cloud: Cloud) -> None:
    (name,) = events_of(cloud, 1)
    other = {"resourceType": "AuditEvent", "id": name}
    with pytest.raises(Exception, match="do not change"):
        Resources(wiring.events()).save("acme", other, Origin("workflow:w", "e"), "1")
