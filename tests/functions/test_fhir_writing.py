"""FHIR's create, update, delete and conditional writes, on the real handler."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from penstock.identity.model import Scope
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.functions.cloud import Answer, Cloud

PATH = "/v1/healthcare/fhir"
PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}], "gender": "female"}
Send = Callable[..., Answer]


@pytest.fixture
def send(cloud: Cloud) -> Send:
    """Sends a request below the FHIR endpoint; what it answers is valid R4."""

    def sent(method: str, path: str, body: Any = None, query: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = cloud.request("fhir", method, f"{PATH}{path}", body, query=query, headers=named)
        cloud.catch_up()
        if answer.text:
            findings = validate_text(answer.text.encode())
            assert is_valid(findings), [each for each in findings if each.severity == "error"]
        return answer

    return sent


def test_a_created_resource_gets_an_id_and_says_where_it_is(send: Send) -> None:
    answer = send("POST", "/Patient", {**PATIENT, "id": "mine"})
    name = answer.body["id"]
    assert (answer.status, answer.headers["ETag"], name != "mine") == (201, 'W/"1"', True)
    assert answer.headers["Location"].endswith(f"{PATH}/Patient/{name}/_history/1")
    assert send("GET", f"/Patient/{name}").body["gender"] == "female"


def test_decimals_are_answered_as_the_client_wrote_them(send: Send) -> None:
    text = (
        '{"resourceType":"Observation","status":"final","code":{"text":"K"},'
        '"valueQuantity":{"value":1.00,"unit":"x"},"component":[{"code":{"text":"a"},"valueQuantity":{"value":6.02E3}}]}'
    )
    created = send("POST", "/Observation", text)
    read = send("GET", f"/Observation/{created.body['id']}").text
    assert '"value":1.00' in read
    assert '"value":6.02E3' in read


def test_an_update_makes_versions_and_a_create_where_there_was_none(send: Send) -> None:
    first = send("PUT", "/Patient/p", {**PATIENT, "id": "p"})
    second = send("PUT", "/Patient/p", {**PATIENT, "id": "p", "gender": "other"})
    same = send("PUT", "/Patient/p", {**second.body})
    assert [(each.status, each.headers["ETag"]) for each in (first, second, same)] == [
        (201, 'W/"1"'),
        (200, 'W/"2"'),
        (200, 'W/"2"'),
    ]
    assert send("GET", "/Patient/p/_history/1").body["gender"] == "female"


def test_an_update_meant_for_another_version_is_refused(send: Send) -> None:
    body = {**PATIENT, "id": "p"}
    send("PUT", "/Patient/p", body)
    assert send("PUT", "/Patient/p", {**body, "active": True}, If_Match='W/"2"').status == 412
    assert send("PUT", "/Patient/p", {**body, "active": True}, If_Match='W/"1"').headers["ETag"] == 'W/"2"'
    assert send("PUT", "/Patient/q", {**body, "id": "q"}, If_Match='W/"1"').status == 412
    assert send("DELETE", "/Patient/p", If_Match='W/"1"').status == 412


def test_a_deleted_resource_is_gone_but_its_history_stays(send: Send) -> None:
    send("PUT", "/Patient/p", {**PATIENT, "id": "p"})
    assert [send("DELETE", "/Patient/p").status for _ in range(2)] == [204, 204]
    gone = send("GET", "/Patient/p")
    assert (gone.status, gone.body["issue"][0]["code"], gone.headers["ETag"]) == (410, "deleted", 'W/"2"')
    assert send("GET", "/Patient/p/_history/2").status == 410
    assert send("GET", "/Patient/p/_history/1").status == 200
    assert "entry" not in send("GET", "/Patient").body
    entries = send("GET", "/Patient/p/_history").body["entry"]
    assert [(each["request"]["method"], each["response"]["status"]) for each in entries] == [
        ("DELETE", "204"),
        ("PUT", "201"),
    ]
    assert send("PUT", "/Patient/p", {**PATIENT, "id": "p"}).status == 201
    assert send("GET", "/Patient/p").body["meta"]["versionId"] == "3"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "place"),
    [
        ("POST", "/Patient", {**PATIENT, "gender": "cat"}, 422, "Patient.gender"),
        ("POST", "/Observation", {"resourceType": "Observation", "status": "final"}, 422, "Observation"),
        ("PUT", "/Patient/p", {**PATIENT, "id": "q"}, 400, "Patient.id"),
        ("POST", "/Patient", {"resourceType": "Observation"}, 400, "Patient.resourceType"),
        ("POST", "/Patient", '{"resourceType":', 400, None),
        ("POST", "/Dog", {"resourceType": "Dog"}, 404, None),
        ("PUT", "/Patient", PATIENT, 400, None),
    ],
)
def test_what_is_wrong_with_a_resource_is_told_by_its_place(
    send: Send, method: str, path: str, body: Any, status: int, place: str | None
) -> None:
    answer = send(method, path, body)
    assert (answer.status, answer.body["resourceType"]) == (status, "OperationOutcome")
    assert place in [*answer.body["issue"][0].get("expression", []), None]


def test_a_write_sent_again_under_its_key_is_done_once(send: Send) -> None:
    first, again = (send("POST", "/Patient", PATIENT, Idempotency_Key="k") for _ in range(2))
    assert (first.body["id"], again.headers["ETag"]) == (again.body["id"], 'W/"1"')
    assert send("GET", "/Patient").body["total"] == 1


def test_a_conditional_create_makes_one_resource(send: Send) -> None:
    statuses = [send("POST", "/Patient", PATIENT, If_None_Exist="identifier=urn:mrn|1").status for _ in range(2)]
    assert (statuses, send("GET", "/Patient").body["total"]) == ([201, 200], 1)


def test_of_two_conditional_creates_at_once_one_makes_the_resource(cloud: Cloud) -> None:
    """The read model has not seen the first when the second comes."""
    headers = {"If-None-Exist": "identifier=urn:mrn|1"}
    answers = [cloud.request("fhir", "POST", f"{PATH}/Patient", PATIENT, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200]
    assert answers[0].body["id"] == answers[1].body["id"]


def test_a_conditional_write_that_several_meet_is_refused(send: Send) -> None:
    for _ in range(2):
        send("POST", "/Patient", PATIENT)
    assert send("POST", "/Patient", PATIENT, If_None_Exist="identifier=1").status == 412
    assert send("PUT", "/Patient", PATIENT, query={"identifier": "1"}).status == 412


def test_a_conditional_update_changes_the_one_or_makes_it(send: Send) -> None:
    query = {"identifier": "urn:mrn|1"}
    first = send("PUT", "/Patient", PATIENT, query=query)
    second = send("PUT", "/Patient", {**PATIENT, "gender": "male"}, query=query)
    assert [(each.status, each.headers["ETag"]) for each in (first, second)] == [(201, 'W/"1"'), (200, 'W/"2"')]
    assert send("PUT", "/Patient", {**PATIENT, "id": "other"}, query=query).status == 400


def test_a_client_that_prefers_it_gets_no_body(send: Send) -> None:
    assert send("POST", "/Patient", PATIENT, Prefer="return=minimal").text == ""


def test_a_write_carries_who_made_it(cloud: Cloud) -> None:
    key = cloud.new_key("acme", Scope.WRITE)
    headers = {"X-Correlation-Id": "visit-1"}
    cloud.request("fhir", "PUT", f"{PATH}/Patient/p", {**PATIENT, "id": "p"}, key=key, headers=headers)
    [event] = cloud.request("events", "GET", "/v1/events/fhir/Patient-p").body["items"]
    assert event["correlation"] == "visit-1"
    assert event["actor"].startswith("key:")


def test_a_body_over_the_limit_is_refused(send: Send) -> None:
    assert send("POST", "/Patient", json.dumps({**PATIENT, "language": "x" * 2_000_000})).status == 413
