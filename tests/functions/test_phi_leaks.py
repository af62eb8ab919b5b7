"""What a patient's message leaves outside of the stores that may hold it: nothing in logs, queues, bus, or schedules.

Every request to AWS but those that read and write tables and buckets is kept, with all that the functions log and
answer. None of it may hold what was planted in the message, on the good ways and on the bad ones. What workflows emit is
left out: it exists to be published.
"""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.client import BaseClient

from penstock.aws import clients, wiring
from penstock.events import Origin, StreamId
from penstock.identity.model import Scope
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.wire import request_to_json
from penstock_healthcare.access.trail import Trail
from tests.functions.cloud import Cloud, load
from tests.functions.test_subjects import FLOW, MRN, NAME, PLANTED, RAW, SSN, base64_forms, found_in, send, texts, told

STORES = frozenset({"dynamodb", "s3", "kms"})
"""What they hold is sealed or read models, and `test_subjects` looks through it."""

BROKEN = RAW.replace("|^~\\&|", "|||||").replace("{number}", "9")


class Outside:
    """Requests to AWS that leave the stores."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []

    def note(self, client: Any, operation: str, arguments: Any) -> None:
        service = client.meta.service_model.service_name
        if service not in STORES:
            self.calls.append((service, operation, json.dumps(arguments, default=str)))

    @property
    def services(self) -> set[str]:
        return {service for service, _, _ in self.calls}

    def texts(self) -> Iterator[bytes]:
        return (text.encode() for _, _, text in self.calls)


@pytest.fixture
def outside(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Outside:
    seen, call = Outside(), BaseClient._make_api_call  # type: ignore[attr-defined]  # boto3-stubs hide it

    def noted(client: Any, operation: str, arguments: Any) -> Any:
        seen.note(client, operation, arguments)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return seen


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], Iterator[bytes]]:
    """All that was logged, with what each record carries, and all that was printed."""
    caplog.set_level(logging.INFO)

    def everything() -> Iterator[bytes]:
        for record in caplog.records:
            yield str(vars(record)).encode()
            yield logging.Formatter().format(record).encode()
        printed = capsys.readouterr()
        yield from (printed.out.encode(), printed.err.encode())

    return everything


@pytest.fixture
def ward(cloud: Cloud, outside: Outside) -> Cloud:
    made = cloud.request("workflows", "POST", "/v1/workflows", FLOW)
    assert made.status == 201, made.body
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    cloud.catch_up()
    return cloud


def relay(ward: Cloud) -> None:
    """All that consumers do after a commit."""
    kinds = {stream.kind for stream in ward.streams()}
    for function in ("projector", "healthcare_projector", "subject_links"):
        told(ward, function, *kinds)
    told(ward, "publisher", *kinds - {"event"})


def test_a_message_and_all_that_follows_it_leave_nothing_of_the_patient_outside(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    send(ward, 1)
    relay(ward)
    assert outside.services >= {"sqs", "events"}, "or else nothing below is shown"
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_a_message_that_is_rejected_is_quoted_nowhere(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    raw = base64.b64encode(BROKEN.encode()).decode()
    answer = ward.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": raw})
    assert answer.body["acknowledgment"] in ("AE", "AR")
    relay(ward)
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()
    error = {name: answer.body[name] for name in answer.body if name != "original"}
    assert found_in(iter([json.dumps(error).encode()])) == set()


@pytest.mark.parametrize(
    ("function", "path", "body"),
    [
        ("hl7_messages", "/v1/healthcare/messages", {"raw": f"{NAME} is not base64"}),
        ("hl7_messages", "/v1/healthcare/messages", {"raw": "QQ==", NAME: MRN}),
        ("hl7_messages", "/v1/healthcare/messages", f'{{"raw": "{NAME}'),
        ("subjects", "/v1/subjects/find", {"identifier": MRN}),
        ("subjects", "/v1/subjects/forget", {"identifier": [NAME], "reason": 7}),
        ("workflows", "/v1/workflows", {"name": "w", "nodes": NAME}),
    ],
)
def test_a_request_that_is_refused_is_not_quoted(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]], function: str, path: str, body: Any
) -> None:
    answer = ward.request(function, "POST", path, body)
    assert 400 <= answer.status < 500
    values = found_in(iter([answer.text.encode()]))
    assert values <= ({NAME} if isinstance(body, dict) and NAME in body else set()), "a field that is unknown is named"
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


@pytest.mark.parametrize("function", ["projector", "healthcare_projector", "publisher", "subject_links", "triggers"])
def test_a_consumer_that_breaks_over_a_patient_does_not_say_over_whom(
    ward: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    function: str,
) -> None:
    stream = send(ward, 1)

    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError(f"cannot digest {NAME}, {MRN}")

    monkeypatch.setattr(type(wiring.events()), "commits", broken)
    monkeypatch.setattr(type(wiring.events()), "packed", broken)
    body = {"detail": {"stream": str(stream), "version": 1}} if function == "triggers" else _nudge(stream)
    answer = load(function).handler(ward.sqs_event(body), ward.context())
    assert answer["batchItemFailures"] == [{"itemIdentifier": "m-0"}]
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_a_dead_letter_says_what_failed_and_not_over_whom(
    ward: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    stream = send(ward, 1)
    url = wiring.settings().dead_letters["engine"]["dead_letters"]
    clients.sqs().send_message(QueueUrl=url, MessageBody=json.dumps(_nudge(stream)))
    listed = ward.request("letters", "GET", "/v1/dead-letters/engine")
    [letter] = listed.body["items"]
    shown = ward.request("letters", "GET", f"/v1/dead-letters/engine/{letter['id']}")
    settled = ward.request(
        "letters", "POST", f"/v1/dead-letters/engine/{letter['id']}/redrive", {"reason": "the fault is mended"}
    )
    assert (listed.status, shown.status, settled.status) == (200, 200, 204)
    assert found_in(iter([each.text.encode() for each in (listed, shown, settled)])) == set()
    assert found_in(outside.texts()) == set()
    assert found_in(spoken()) == set()


def test_the_search_for_what_was_planted_finds_it_where_it_may_be(ward: Cloud) -> None:
    """So that the others cannot pass for want of something to find."""
    message = send(ward, 1)
    ward.catch_up()
    shown = ward.request("hl7_messages", "GET", f"/v1/healthcare/messages/{message.key}")
    assert found_in(iter([shown.text.encode()])) == {*PLANTED}


def _nudge(stream: StreamId) -> dict[str, Any]:
    return {"stream": str(stream), "commit": 1}


PHONE = "555-0142-7719"
FHIR = "/v1/healthcare/fhir"
PATIENT = {
    "resourceType": "Patient",
    "id": "planted",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": SSN}, {"system": "urn:mrn", "value": MRN}],
    "name": [{"family": NAME, "given": ["Quentin"]}],
    "telecom": [{"system": "phone", "value": PHONE}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "planted",
    "status": "final",
    "code": {"text": "K"},
    "subject": {"reference": "Patient/planted", "display": NAME},
    "note": [{"text": f"{NAME} asks to be called at {PHONE}"}],
}


def leaks(texts: Iterator[bytes]) -> set[str]:
    """What was planted and stands in the texts, plain and in base64."""
    kept = list(texts)
    forms = {PHONE: [PHONE.encode(), *base64_forms(PHONE)]}
    plain = {value for value, shapes in forms.items() if any(shape in text for shape in shapes for text in kept)}
    return found_in(iter(kept)) | plain


@pytest.fixture
def planted(ward: Cloud) -> Cloud:
    for resource in (PATIENT, OBSERVATION):
        made = ward.request("fhir", "PUT", f"{FHIR}/{resource['resourceType']}/planted", resource)
        assert made.status == 201, made.text
    ward.catch_up()
    return ward


def audit_events(cloud: Cloud) -> Iterator[bytes]:
    for stream in cloud.streams():
        if stream.key.startswith("AuditEvent-"):
            for commit in wiring.events().commits(stream):
                yield from (json.dumps(event.data).encode() for event in commit.events)


GOOD = [
    ("Patient/planted", {}),
    ("Patient/planted/_history", {}),
    ("Patient/planted/$everything", {}),
    ("Patient", {"identifier": SSN}),
    ("Patient", {"family": NAME}),
    ("Patient", {"phone": PHONE}),
    ("Observation", {"patient": "Patient/planted"}),
]
BAD = [
    ("Patient", {NAME: MRN}, 200),
    ("Patient", {"_count": NAME}, 400),
    ("Patient", {"birthdate": MRN + NAME}, 400),
    ("Patient", {"_sort": NAME}, 400),
    ("Patient", {"_include": NAME}, 400),
    ("Patient/unknown", {"x": SSN}, 404),
    ("Observation/planted/_history/9", {}, 404),
]


@pytest.mark.parametrize(("path", "query"), GOOD)
def test_a_read_shows_the_patient_to_who_asked_and_to_nobody_else(
    planted: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]], path: str, query: dict[str, str]
) -> None:
    answer = planted.request("fhir", "GET", f"{FHIR}/{path}", query=query)
    assert (answer.status, NAME in answer.text) == (200, True), "or else nothing below is shown"
    relay(planted)
    kept = list(audit_events(planted))
    assert (len(kept), leaks(iter(kept))) == (1, set())
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()


@pytest.mark.parametrize(("path", "query", "status"), BAD)
def test_a_search_that_fails_is_quoted_neither_in_the_answer_nor_in_the_record(
    planted: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    path: str,
    query: dict[str, str],
    status: int,
) -> None:
    answer = planted.request("fhir", "GET", f"{FHIR}/{path}", query=query)
    assert answer.status == status, answer.text
    issues = answer.body.get("issue", [])
    assert leaks(iter([json.dumps(issues).encode()])) == set()
    assert leaks(audit_events(planted)) == set()
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "Patient", {**PATIENT, "id": None, "birthDate": f"{NAME} {MRN}"}),
        ("POST", "Patient", {**PATIENT, "gender": SSN}),
        ("PUT", "Patient/other", PATIENT),
        ("POST", "Patient", f'{{"resourceType": "Patient", "name": [{{"family": "{NAME}"'),
        ("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT, "request": {}}]}),
    ],
)
def test_a_resource_that_is_refused_is_not_quoted(
    planted: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    method: str,
    path: str,
    body: Any,
) -> None:
    answer = planted.request("fhir", method, f"{FHIR}/{path}".rstrip("/"), body)
    assert 400 <= answer.status < 500, answer.text
    assert leaks(iter([answer.text.encode()])) == set()
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()


def test_refusals_by_role_and_broken_glass_tell_nothing_of_the_patient(
    planted: Cloud, outside: Outside, spoken: Callable[[], Iterator[bytes]]
) -> None:
    for role, purpose, reason, status in (
        ("billing", "HPAYMT", "", 403),
        ("billing", "BTG", f"{NAME} {MRN} collapsed", 403),
        ("nurse", "BTG", f"{NAME} {MRN} collapsed", 200),
    ):
        _, key = wiring.keys().create("acme", "k", [Scope.READ], Origin("t", "t"), roles=[role])
        headers = {"X-Purpose-Of-Use": purpose, **({"X-Break-Glass-Reason": reason} if reason else {})}
        answer = planted.request("fhir", "GET", f"{FHIR}/Observation/planted", key=key, headers=headers)
        assert answer.status == status
        if status == 403:
            assert leaks(iter([answer.text.encode()])) == set()
    relay(planted)
    told(planted, "publisher", "event")
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()


def test_why_the_glass_was_broken_lies_sealed_in_the_store(planted: Cloud) -> None:
    headers = {"X-Purpose-Of-Use": "BTG", "X-Break-Glass-Reason": f"{NAME} collapsed"}
    planted.request("fhir", "GET", f"{FHIR}/Observation/planted", headers=headers)
    assert leaks(audit_events(planted)) == {NAME}, "who may read it, reads it"
    pages = clients.dynamodb().get_paginator("scan").paginate(TableName="events")
    items = [item for page in pages for item in page["Items"] if "AuditEvent-" in item["pk"]["S"]]
    assert items
    assert leaks(each for item in items for each in texts(item)) == set()


def test_an_answer_that_could_not_be_recorded_tells_nothing(
    planted: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError(f"cannot keep {NAME}, {MRN}, {PHONE}")

    monkeypatch.setattr(Trail, "keep", broken)
    answer = planted.request("fhir", "GET", f"{FHIR}/Patient/planted")
    assert answer.status == 500
    assert leaks(iter([answer.text.encode()])) == set()
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()


@pytest.mark.parametrize(
    ("node", "parameters", "outcome"),
    [
        ("healthcare.audit.record", {"agent": f"Practitioner {NAME}", "entity": f"Patient {MRN}"}, "Failure"),
        ("healthcare.consent.check", {"consents": [NAME], "purpose": "TREAT"}, "Failure"),
        ("healthcare.breach.assess", {"discovered": NAME, "nature": SSN}, "Failure"),
        ("healthcare.fhir.validate", {"profiles": []}, "Emit"),
        ("healthcare.fhir.save", {}, "Failure"),
        ("healthcare.hl7.parse", {}, "Failure"),
        ("healthcare.phi.detect", {}, "Failure"),
    ],
)
def test_a_node_that_fails_over_a_patient_does_not_say_over_whom(
    ward: Cloud,
    outside: Outside,
    spoken: Callable[[], Iterator[bytes]],
    node: str,
    parameters: dict[str, Any],
    outcome: str,
) -> None:
    item = {"raw": f"MSH|{NAME}|{MRN}|{PHONE}", "resource": {**PATIENT, "id": f"{NAME} {PHONE}"}, "text": 7}
    request = NodeRequest(
        tenant="acme",
        workflow="w",
        execution="e",
        type=node,
        parameters=[parameters],
        inputs={"main": [item]},
        attempt=1,
        now=datetime(2026, 11, 24, tzinfo=UTC),
        key="k",
    )
    answer = load("healthcare_nodes").handler(json.loads(json.dumps(request_to_json(request))), ward.context())
    assert answer["outcome"] == outcome, answer
    assert leaks(iter([str(answer.get("message", "")).encode()])) == set()
    assert leaks(outside.texts()) == set()
    assert leaks(spoken()) == set()
