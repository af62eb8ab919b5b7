"""The client against a real server on 127.0.0.1."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.http.exchange import Session
from penstock.http.guard import Guard
from penstock_healthcare.fhir.client.authorization import Nobody
from penstock_healthcare.fhir.client.client import BadName, FhirClient
from penstock_healthcare.fhir.client.errors import (
    Busy,
    ChangedMeanwhile,
    ClientError,
    LinkRefused,
    NotAuthorized,
    NotSupported,
    NotThere,
    Refused,
    ServerFailed,
    SeveralMeet,
    Unreachable,
    UnreadableAnswer,
)
from penstock_healthcare.fhir.client.transport import Bounds, Sender
from penstock_healthcare.fhir.client.vendor import vendors
from tests.unit.healthcare.fhir.client.conftest import GUARD, Connect
from tests.unit.healthcare.fhir.client.ehr import Ehr, fhir, outcome
from tests.unit.platform.nodes.http_server import Answer, serving

SYSTEM = "urn:oid:1.2.3"


def patient(key: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, "name": [{"family": "Doe"}], **more}


def numbered(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}]}


def observation(key: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "subject": {"reference": "Patient/p1"}}


def test_a_resource_is_read_and_decimals_keep_their_digits(ehr: Ehr, connect: Connect) -> None:
    quantity = '{"resourceType":"Observation","id":"k","valueQuantity":{"value":6.90},"component":[{"x":1.5}]}'
    ehr.next_answers = [Answer(200, quantity.encode())]
    found = connect().read("Observation", "k")
    assert (found["valueQuantity"]["value"], found["component"]) == ("6.90", [{"x": 1.5}])
    assert ehr.server.asked[0].headers["accept"] == "application/fhir+json"


def test_a_version_is_read(ehr: Ehr, connect: Connect) -> None:
    ehr.put(patient())
    assert connect().read("Patient", "p1", "1")["meta"]["versionId"] == "1"
    assert ehr.server.asked[0].target.endswith("/Patient/p1/_history/1")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "é", "x" * 257])
def test_what_is_no_id_is_never_sent(ehr: Ehr, connect: Connect, name: str) -> None:
    with pytest.raises(BadName) as caught:
        connect().read("Patient", name)
    assert ehr.server.asked == []
    assert not name or f" {name} " not in str(caught.value)


def test_pages_are_followed_and_the_vendor_bounds_their_size(ehr: Ehr, connect: Connect) -> None:
    ehr.page_size = 200
    for number in range(450):
        ehr.put(observation(f"o{number}"))
    pages = list(connect("oracle_health").search("Observation", [("patient", "p1")], count=1_000))
    assert [len(page.matches) for page in pages] == [200, 200, 50]
    assert len({each["id"] for page in pages for each in page.matches}) == 450
    assert (pages[0].total, pages[0].has_next, pages[-1].has_next) == (450, True, False)
    assert "_count=200" in ehr.server.asked[0].target


def test_a_search_by_form_has_nothing_in_its_url(ehr: Ehr, connect: Connect) -> None:
    ehr.put(patient())
    [page] = connect().search("Patient", [("name", "Doe")], post=True)
    assert [each["id"] for each in page.matches] == ["p1"]
    assert "Doe" not in ehr.server.asked[0].target


def test_a_page_at_another_origin_is_not_asked_for(ehr: Ehr, connect: Connect) -> None:
    ehr.page_size = 1
    with serving() as other:
        ehr.link = lambda url: url.replace(ehr.server.url, other.url)
        ehr.put(patient("a"))
        ehr.put(patient("b"))
        with pytest.raises(LinkRefused):
            list(connect().search("Patient", []))
        assert other.asked == []


def test_pages_that_come_round_again_end(ehr: Ehr, connect: Connect) -> None:
    ehr.page_size, ehr.link = 1, lambda _: "?_page=0&_again=1"
    ehr.put(patient("a"))
    ehr.put(patient("b"))
    with pytest.raises(LinkRefused):
        list(connect().search("Patient", []))
    assert len(ehr.server.asked) == 2


def test_included_resources_and_outcomes_are_told_apart(ehr: Ehr, connect: Connect) -> None:
    listed = [("match", patient("a")), ("include", observation("o")), ("outcome", {"resourceType": "OperationOutcome"})]
    entries = [{"resource": resource, "search": {"mode": mode}} for mode, resource in listed]
    ehr.next_answers = [fhir(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})]
    [page] = connect().search("Patient", [])
    assert ([each["id"] for each in page.matches], [each["id"] for each in page.included]) == (["a"], ["o"])


def test_a_create_on_a_condition_is_repeated_and_makes_one(ehr: Ehr, connect: Connect, waits: list[float]) -> None:
    ehr.after_write = [outcome(503, "transient")]
    done = connect().create(numbered("7"), f"identifier={SYSTEM}|7")
    assert (len(ehr.kept), done.is_created, done.version) == (1, False, "1")
    assert (len(ehr.asked("/Patient")), len(waits)) == (2, 1)


def test_a_create_without_a_condition_is_never_repeated_when_it_may_have_been_done(
    ehr: Ehr, connect: Connect, waits: list[float]
) -> None:
    ehr.after_write = [outcome(503, "transient")]
    with pytest.raises(Busy):
        connect().create(numbered("7"))
    assert (len(ehr.asked("/Patient")), waits) == (1, [])


def test_what_was_not_taken_is_sent_again_after_the_time_that_the_server_says(
    ehr: Ehr, connect: Connect, waits: list[float]
) -> None:
    ehr.next_answers = [outcome(429, "throttled", **{"Retry-After": "3"})]
    assert connect().create(numbered("7")).is_created
    assert waits == [3.0]


def test_a_wait_that_is_too_long_is_told_and_not_waited(ehr: Ehr, connect: Connect, waits: list[float]) -> None:
    ehr.next_answers = [outcome(429, "throttled", **{"Retry-After": "120"})]
    with pytest.raises(Busy) as caught:
        connect().read("Patient", "p1")
    assert (caught.value.retry_after, caught.value.permanent, waits) == (120.0, False, [])


def test_a_date_in_retry_after_is_understood(ehr: Ehr, connect: Connect, waits: list[float]) -> None:
    from datetime import UTC, datetime

    ehr.put(patient())
    ehr.next_answers = [outcome(503, "transient", **{"Retry-After": "Tue, 24 Nov 2026 08:00:04 GMT"})]
    connect(now=lambda: datetime(2026, 11, 24, 8, tzinfo=UTC)).read("Patient", "p1")
    assert waits == [4.0]


def test_tries_end(ehr: Ehr, connect: Connect, waits: list[float]) -> None:
    ehr.next_answers = [Answer(502)] * 9
    with pytest.raises(ServerFailed):
        connect().read("Patient", "p1")
    assert (len(ehr.server.asked), waits) == (4, [0.5, 1.0, 2.0])


def test_vendors_without_conditional_creates_are_searched_first(ehr: Ehr, connect: Connect) -> None:
    ehr.conditional_create, ehr.silent_writes = False, True
    client = connect("oracle_health")
    first = client.create(numbered("7"), f"identifier={SYSTEM}|7")
    again = client.create(numbered("7"), f"identifier={SYSTEM}|7")
    assert (first.is_created, again.is_created, first.reference == again.reference) == (True, False, True)
    assert len(ehr.kept) == 1
    ehr.put({**numbered("7"), "id": "twin"})
    with pytest.raises(SeveralMeet):
        client.create(numbered("7"), f"identifier={SYSTEM}|7")


def test_an_update_is_done_after_the_version_that_it_is_meant_for(ehr: Ehr, connect: Connect) -> None:
    ehr.put(patient())
    done = connect().update(patient(active=True), "1")
    assert (done.reference, done.version, done.is_created) == ("Patient/p1", "2", False)
    for status in (409, 412):
        ehr.conflict = status
        with pytest.raises(ChangedMeanwhile):
            connect().update(patient(active=False), "1")


def test_patches_deletes_and_transactions(ehr: Ehr, connect: Connect) -> None:
    ehr.put(patient())
    change = [{"op": "add", "path": "/active", "value": {"active": True}}]
    assert connect("oracle_health").patch("Patient", "p1", change, "1").version == "2"
    assert ehr.server.asked[-1].headers["content-type"] == "application/json-patch+json"
    connect().delete("Patient", "p1")
    assert ehr.kept == {}
    entry = {"resource": numbered("7"), "request": {"method": "POST", "url": "Patient"}}
    done = connect().transaction({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert done["entry"][0]["response"]["status"] == "201 Created"


def test_what_a_vendor_does_not_serve_is_not_sent(ehr: Ehr, connect: Connect) -> None:
    attempts = (
        lambda: connect("veradigm").create(numbered("7")),
        lambda: connect("oracle_health").transaction({"resourceType": "Bundle"}),
        lambda: connect("oracle_health").patch("Patient", "p1", []),
        lambda: connect("oracle_health").patch("Patient", "p1", {}, "1", "application/fhir+json"),
        lambda: list(connect("oracle_health").search("Observation", [("code", "x")])),
    )
    for attempt in attempts:
        with pytest.raises(NotSupported):
            attempt()
    assert ehr.server.asked == []


@pytest.mark.parametrize(
    ("status", "error", "is_permanent"),
    [
        (400, Refused, True),
        (403, NotAuthorized, True),
        (404, NotThere, True),
        (410, NotThere, True),
        (422, Refused, True),
        (302, Refused, True),
        (500, ServerFailed, False),
    ],
)
def test_errors_tell_codes_and_places_and_nothing_that_the_server_wrote(
    ehr: Ehr, connect: Connect, status: int, error: type[ClientError], is_permanent: bool
) -> None:
    issue = {
        "severity": "error",
        "code": "value",
        "diagnostics": "Doe, 1970-01-01, MRN 4711",
        "details": {"text": "Doe"},
        "expression": ["Patient.birthDate", "Patient.where(name='Doe')"],
    }
    ehr.next_answers = [fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]}, Location=ehr.base)]
    with pytest.raises(error) as caught:
        connect().read("Patient", "mrn-4711")
    assert type(caught.value) is error
    assert caught.value.permanent is is_permanent
    assert "value at Patient.birthDate" in str(caught.value)
    assert not [secret for secret in ("Doe", "1970", "4711") if secret in str(caught.value)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"resourceType": 1}',
        b"\xff",
        b"[" * 100_000,
        b'{"resourceType":"Observation"}',
    ],
)
def test_malformed_answers_are_told(ehr: Ehr, connect: Connect, body: bytes) -> None:
    ehr.next_answers = [Answer(200, body)]
    with pytest.raises(UnreadableAnswer):
        connect().read("Patient", "p1")


def test_slow_and_large_answers_are_given_up(ehr: Ehr, connect: Connect) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(40):
            yield b" "
            time.sleep(0.1)

    ehr.next_answers = [Answer(200, chunks=drip)]
    with pytest.raises(Unreachable, match=r"within 0\.6 s"):
        connect(bounds=Bounds(seconds=0.6, tries=1)).read("Patient", "p1")
    ehr.next_answers = [Answer(200, b" " * 2_000)]
    with pytest.raises(Unreachable, match="1000 bytes") as caught:
        connect(bounds=Bounds(reply_bytes=1_000)).read("Patient", "p1")
    assert caught.value.permanent


def test_all_requests_together_have_an_end(ehr: Ehr, connect: Connect) -> None:
    times = iter(range(0, 1_000, 7))
    ehr.page_size = 1
    for key in "abcdefgh":
        ehr.put(patient(key))
    pages = connect(clock=lambda: float(next(times))).search("Patient", [])
    with pytest.raises(Unreachable, match="30 s for all"):
        list(pages)
    assert 0 < len(ehr.server.asked) < 8


def test_addresses_inside_the_network_are_refused(ehr: Ehr) -> None:
    with Session(Guard()) as session, pytest.raises(Unreachable, match="not public") as caught:
        FhirClient(ehr.base, vendors()["generic"], Nobody(), Sender(session)).read("Patient", "p1")
    assert caught.value.permanent
    assert ehr.server.asked == []


def test_nobody_at_the_door(waits: list[float]) -> None:
    with Session(GUARD) as session:
        client = FhirClient("http://127.0.0.1:9", vendors()["generic"], Nobody(), Sender(session, sleep=waits.append))
        with pytest.raises(Unreachable, match="no connection") as caught:
            client.read("Patient", "mrn-4711")
    assert (caught.value.permanent, len(waits), "4711" in str(caught.value)) == (False, 3, False)


def test_every_vendor_file_is_one_that_connections_can_name() -> None:
    assert set(vendors()) >= {"generic", "epic", "oracle_health", "veradigm"}
    assert vendors()["epic"].default_scopes == "system/*.read"
    assert not vendors()["epic"].finds_by_last_updated("Observation")
    assert vendors()["oracle_health"].finds_by_last_updated("Observation")
    assert not vendors()["oracle_health"].finds_by_last_updated("Encounter")
    assert json.dumps(vendors()["generic"].model_dump())
