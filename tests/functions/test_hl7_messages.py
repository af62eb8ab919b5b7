"""The HL7 messages endpoint, as a gateway and an operator meet it."""

import base64
import hashlib
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import StreamId
from penstock.identity.model import Scope
from penstock_mllp.cloud import Answered, read_answer
from tests.functions.cloud import Answer, Cloud
from tests.unit.healthcare.samples import ORU, encoded, sample

PATH = "/v1/healthcare/messages"
RECEIVED_AT = "2026-11-24T08:00:00.250Z"


def hand_over(cloud: Cloud, raw: bytes, **more: Any) -> Answer:
    body = {
        "raw": encoded(raw),
        "received_at": RECEIVED_AT,
        "source": {"peer": "10.0.0.7:51234", "listener": "lab"},
    }
    return cloud.request("hl7_messages", "POST", PATH, body, **more)


def events(message: str) -> list[Any]:
    stream = StreamId("acme", "hl7_message", message)
    return [commit.events for commit in wiring.events().commits(stream)]


def test_a_message_is_stored_byte_for_byte_before_it_is_read(cloud: Cloud) -> None:
    raw = sample("adt_a01_latin1")
    answer = hand_over(cloud, raw)
    assert (answer.status, answer.body["status"], answer.body["acknowledgment"]) == (201, "stored", "AA")
    first, second = events(answer.body["id"])
    assert [event.type for event in (*first, *second)] == ["HL7MessageStored", "HL7MessageAccepted"]
    assert base64.b64decode(first[0].data["raw"]) == raw
    assert first[0].data["sha256"] == hashlib.sha256(raw).hexdigest()
    assert first[0].data["received_at"] == RECEIVED_AT


@pytest.mark.parametrize("name", ORU)
def test_the_gateway_understands_the_answer(cloud: Cloud, name: str) -> None:
    answer = hand_over(cloud, sample(f"oru_r01_{name}"))
    assert read_answer(answer.status, answer.headers, answer.text.encode()) == Answered("AA")


def test_a_message_that_cannot_be_parsed_is_refused_and_kept(cloud: Cloud) -> None:
    raw = sample("oru_r01_malformed")
    answer = hand_over(cloud, raw)
    assert (answer.status, answer.body["status"], answer.body["acknowledgment"]) == (201, "rejected", "AR")
    [error] = answer.body["errors"]
    assert (error["code"], error["location"]) == ("199", "MSH")
    kept = cloud.request("hl7_messages", "GET", f"{PATH}/{answer.body['id']}").body
    assert base64.b64decode(kept["original"]) == raw
    assert kept["correction"] is None
    assert (kept["status"], kept["message"], kept["error"]) == ("rejected", None, error)


def test_the_gateway_hears_the_fault_of_a_refused_message(cloud: Cloud) -> None:
    answer = hand_over(cloud, sample("oru_r01_malformed"))
    outcome = read_answer(answer.status, answer.headers, answer.text.encode())
    assert isinstance(outcome, Answered)
    assert (outcome.code, outcome.faults[0].code, outcome.faults[0].location) == ("AR", "199", "MSH")


@pytest.mark.parametrize(
    ("old", "new", "code", "location"),
    [(b"ORU^R01^ORU_R01", b"", "AR", "MSH-9"), (b"LIS20261123000417", b"", "AE", "MSH-10")],
)
def test_a_message_without_a_type_or_a_control_id_is_refused(
    cloud: Cloud, old: bytes, new: bytes, code: str, location: str
) -> None:
    answer = hand_over(cloud, sample("oru_r01_normal").replace(old, new, 1)).body
    assert (answer["acknowledgment"], answer["errors"][0]["location"]) == (code, location)
    assert answer["errors"][0]["code"] == "101"


def test_the_same_message_again_changes_nothing_and_gets_the_same_answer(cloud: Cloud) -> None:
    first = hand_over(cloud, sample("oru_r01_normal"), headers={"Idempotency-Key": "one"})
    again = hand_over(cloud, sample("oru_r01_normal"), headers={"Idempotency-Key": "two"})
    assert first.body == again.body
    assert len(events(first.body["id"])) == 2


def test_a_rejected_message_can_be_corrected_and_sent_in_again(cloud: Cloud) -> None:
    message = hand_over(cloud, sample("oru_r01_malformed")).body["id"]
    again = cloud.request(
        "hl7_messages",
        "POST",
        f"{PATH}/{message}/resubmit",
        {"raw": encoded(sample("oru_r01_abnormal")), "reason": "separators repaired"},
    )
    assert (again.status, again.body["status"], again.body["acknowledgment"]) == (201, "stored", "AA")
    assert again.body["id"] == message
    shown = cloud.request("hl7_messages", "GET", f"{PATH}/{message}").body
    assert (shown["status"], shown["submissions"], shown["error"]) == ("accepted", 2, None)
    assert base64.b64decode(shown["original"]) == sample("oru_r01_malformed")
    assert base64.b64decode(shown["correction"]) == sample("oru_r01_abnormal")
    assert shown["message"]["type"] == "ORU^R01"


def test_a_large_message_is_stored_and_read_back_unparsed(cloud: Cloud) -> None:
    raw = (
        sample("oru_r01_normal") + b"OBX|9|ED|1^Report^L||LAB^application^pdf^Base64^" + b"A" * 3_000_000 + b"||||||F\r"
    )
    message = hand_over(cloud, raw).body
    assert message["acknowledgment"] == "AA"
    shown = cloud.request("hl7_messages", "GET", f"{PATH}/{message['id']}").body
    assert base64.b64decode(shown["original"]) == raw
    assert shown["message"] is None


def test_a_message_can_be_sent_in_again_as_it_is(cloud: Cloud) -> None:
    message = hand_over(cloud, sample("oru_r01_malformed")).body["id"]
    again = cloud.request("hl7_messages", "POST", f"{PATH}/{message}/resubmit")
    assert (again.status, again.body["status"]) == (201, "rejected")
    accepted = hand_over(cloud, sample("oru_r01_normal")).body["id"]
    cloud.request("hl7_messages", "POST", f"{PATH}/{accepted}/resubmit", {})
    types = [event.type for commit in events(accepted) for event in commit]
    assert types == ["HL7MessageStored", "HL7MessageAccepted", "HL7MessageResubmitted", "HL7MessageAccepted"]


def test_what_a_message_causes_can_be_found_by_its_id(cloud: Cloud) -> None:
    message = hand_over(cloud, sample("oru_r01_normal"), headers={"X-Correlation-Id": "mine"}).body["id"]
    assert {event.origin.correlation for commit in events(message) for event in commit} == {message}


def test_messages_are_listed_newest_first_by_status_type_and_sender(cloud: Cloud) -> None:
    ids = {
        name: hand_over(cloud, sample(name)).body["id"]
        for name in ("oru_r01_normal", "oru_r01_malformed", "adt_a01_latin1")
    }
    cloud.catch_up()

    def found(**query: str) -> list[str]:
        return [item["id"] for item in cloud.request("hl7_messages", "GET", PATH, query=query).body["items"]]

    assert found() == [ids["adt_a01_latin1"], ids["oru_r01_malformed"], ids["oru_r01_normal"]]
    assert found(status="rejected") == [ids["oru_r01_malformed"]]
    assert found(type="ORU^R01") == [ids["oru_r01_normal"]]
    assert found(sender="KIS") == [ids["adt_a01_latin1"]]
    assert found(status="accepted", sender="LIS") == [ids["oru_r01_normal"]]
    assert found(status="stored") == []


def test_a_listing_goes_page_by_page(cloud: Cloud) -> None:
    ids = [hand_over(cloud, sample(f"oru_r01_{name}")).body["id"] for name in ORU]
    cloud.catch_up()
    query, seen = {"limit": "3", "type": "ORU^R01"}, []
    while True:
        page = cloud.request("hl7_messages", "GET", PATH, query=query).body
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == ids[::-1]


def test_the_listing_holds_nothing_of_the_patient(cloud: Cloud) -> None:
    hand_over(cloud, sample("oru_r01_normal"))
    cloud.catch_up()
    text = cloud.request("hl7_messages", "GET", PATH).text
    assert "LIS20261123000417" in text
    assert not any(name in text for name in ("Okafor", "MRN4471902", "19790314", "Harbour"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "raw"),
        ({"raw": "***"}, "body.raw"),
        ({"raw": "ü"}, "body.raw"),
        ({"raw": ""}, "raw"),
        ({"raw": "TVNI", "received_at": "yesterday"}, "received_at"),
        ({"raw": "TVNI", "source": {"colour": "red"}}, "colour"),
    ],
)
def test_a_body_that_does_not_hold_is_refused_by_the_name_of_its_part(
    cloud: Cloud, body: dict[str, Any], path: str
) -> None:
    answer = cloud.request("hl7_messages", "POST", PATH, body)
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.body["problems"][0]["path"].endswith(path)


def test_a_filter_that_no_index_serves_is_refused(cloud: Cloud) -> None:
    answer = cloud.request("hl7_messages", "GET", PATH, query={"type": "ORU^R01", "sender": "LIS"})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "query.sender")


def test_another_tenant_sees_no_message(cloud: Cloud) -> None:
    message = hand_over(cloud, sample("oru_r01_normal")).body["id"]
    cloud.catch_up()
    key = cloud.new_key("globex")
    assert cloud.request("hl7_messages", "GET", f"{PATH}/{message}", key=key).status == 404
    assert cloud.request("hl7_messages", "POST", f"{PATH}/{message}/resubmit", {}, key=key).status == 404
    assert cloud.request("hl7_messages", "GET", PATH, key=key).body["items"] == []


def test_a_gateways_key_hands_over_and_reads_nothing(cloud: Cloud) -> None:
    key = cloud.new_key("acme", Scope.INGEST)
    answer = hand_over(cloud, sample("oru_r01_normal"), key=key)
    assert answer.status == 201
    assert cloud.request("hl7_messages", "GET", f"{PATH}/{answer.body['id']}", key=key).status == 403
    assert cloud.request("hl7_messages", "POST", f"{PATH}/{answer.body['id']}/resubmit", {}, key=key).status == 403
    assert hand_over(cloud, sample("oru_r01_normal"), key=cloud.new_key("acme", Scope.READ)).status == 403
    assert hand_over(cloud, sample("oru_r01_normal"), key="").status == 401


def test_an_unknown_message_is_not_found(cloud: Cloud) -> None:
    answer = cloud.request("hl7_messages", "GET", f"{PATH}/{'0' * 32}")
    assert (answer.status, answer.body["detail"]) == (404, "there is no message")
