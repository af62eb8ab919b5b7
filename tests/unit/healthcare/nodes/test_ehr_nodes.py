"""The nodes that call outside FHIR servers, in workflows that the engine runs against a real server on 127.0.0.1."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.state import Status
from penstock.workflows.node import Kind
from penstock_healthcare.fhir.connections.connection import Auth
from tests.unit.healthcare.fhir.client.ehr import outcome, running
from tests.unit.healthcare.nodes.ehr_world import World

SYSTEM = "urn:oid:1.2.3"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Doe"}]}
NEW: dict[str, Any] = {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": "4711"}]}
READ, SEARCH, CREATE = "healthcare.ehr.read", "healthcare.ehr.search", "healthcare.ehr.create"
UPDATE, TRANSACTION = "healthcare.ehr.update", "healthcare.ehr.transaction"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    with running() as ehr:
        made = World(ehr)
        made.connect()
        yield made


def entry(**request: Any) -> dict[str, Any]:
    return {"resource": NEW, "request": {"method": "POST", "url": "Patient", **request}}


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


@pytest.mark.parametrize("name", [READ, SEARCH, CREATE, UPDATE, TRANSACTION])
def test_each_is_an_action_whose_parameters_are_described(name: str) -> None:
    node = catalogue()[name]
    assert node.kind is Kind.ACTION
    assert "EHR" in node.title
    assert all("description" in field for field in node.schema["properties"].values())


def test_a_resource_is_read_as_a_backend_service(world: World) -> None:
    world.connect(auth=Auth.BACKEND_SERVICE, vendor="epic")
    world.ehr.put({**PATIENT, "id": "e" * 80})
    [item] = world.run(READ, {"ward": "3B"}, reference=f"Patient/{'e' * 80}")["main"]
    assert (item["ward"], item["resource"]["name"]) == ("3B", [{"family": "Doe"}])
    assert world.ehr.refusals == []


def test_what_is_not_there_leaves_by_missing(world: World) -> None:
    assert world.run(READ, {"ward": "3B"}, reference="Patient/none")["missing"] == [{"ward": "3B"}]


def test_a_search_takes_all_pages_and_says_when_there_is_more(world: World) -> None:
    world.ehr.page_size = 4
    for number in range(10):
        world.ehr.put({**PATIENT, "id": f"p{number}"})
    [item] = world.run(SEARCH, {}, resource_type="Patient", query={"name": "Doe"})["main"]
    assert (len(item["resources"]), item["search"]) == (
        10,
        {"matches": 10, "pages": 3, "total": 10, "is_complete": True},
    )
    [item] = world.run(SEARCH, {}, resource_type="Patient", max_pages=2, method="post")["main"]
    assert (len(item["resources"]), item["search"]["is_complete"]) == (8, False)
    [item] = world.run(SEARCH, {}, resource_type="Patient", max_resources=3)["main"]
    assert (len(item["resources"]), item["search"]["is_complete"]) == (3, False)


def test_several_values_of_a_parameter_are_all_sent(world: World) -> None:
    world.ehr.put(PATIENT, "2026-11-24T07:00:00.000Z")
    query = {"_lastUpdated": ["ge2026-11-24T06:00:00.000Z", "lt2026-11-24T07:00:00.000Z"]}
    [item] = world.run(SEARCH, {}, resource_type="Patient", query=query)["main"]
    assert item["resources"] == []


@pytest.mark.parametrize("vendor", ["generic", "epic"])
def test_a_create_that_runs_twice_makes_one(world: World, vendor: str) -> None:
    world.connect(vendor=vendor)
    world.ehr.conditional_create = vendor == "generic"
    [first] = world.once(CREATE, {"resource": NEW})["main"]
    [again] = world.once(CREATE, {"resource": NEW})["main"]
    assert len(world.ehr.kept) == 1
    assert (first["ehr"]["created"], again["ehr"]["created"]) == (True, False)
    assert first["ehr"]["reference"] == again["ehr"]["reference"] == "Patient/n1"


def test_what_could_be_made_twice_is_not_sent_unless_that_is_accepted(world: World) -> None:
    failed = world.failure(CREATE, {"resource": PATIENT})
    assert (failed.kind, failed.permanent, "if_none_exist" in failed.message) == ("NoCondition", True, True)
    assert world.ehr.server.asked == []
    [item] = world.run(CREATE, {"resource": PATIENT}, duplicates="accept")["main"]
    assert item["ehr"]["created"]


def test_decimals_arrive_as_numbers_with_their_digits(world: World) -> None:
    quantity = {"value": "6.90", "unit": "mmol/L"}
    resource = {**NEW, "resourceType": "Observation", "valueQuantity": quantity}
    world.run(CREATE, {"resource": resource})
    assert b'"value":6.90' in world.ehr.server.asked[-1].body


def test_an_update_that_runs_twice_finds_its_own_work(world: World) -> None:
    world.ehr.put(PATIENT)
    [read] = world.once(READ, {}, reference="Patient/p1")["main"]
    changed = {"resource": {**read["resource"], "active": True}}
    [first] = world.once(UPDATE, changed)["main"]
    [again] = world.once(UPDATE, changed)["main"]
    assert (first["ehr"]["version"], again["ehr"]["version"]) == ("2", "2")
    assert world.ehr.kept["Patient", "p1"]["meta"]["versionId"] == "2"


def test_an_update_of_what_somebody_else_changed_fails(world: World) -> None:
    world.ehr.put(PATIENT)
    world.ehr.put({**PATIENT, "gender": "female"})
    changed = {"resource": {**PATIENT, "active": True, "meta": {"versionId": "1"}}}
    failed = world.failure(UPDATE, changed)
    assert (failed.kind, failed.permanent, "Doe" in failed.message) == ("ChangedMeanwhile", True, False)
    [item] = world.run(UPDATE, changed, version="")["main"]
    assert item["ehr"]["version"] == "3"


def test_a_transaction_is_sent_when_nothing_in_it_could_be_made_twice(world: World) -> None:
    failed = world.failure(TRANSACTION, {"bundle": bundle(entry(ifNoneExist="identifier=a|1"), entry())})
    assert (failed.kind, failed.message.split(": ")[1]) == ("InvalidBundle", "Bundle.entry[1].request.ifNoneExist")
    [item] = world.run(TRANSACTION, {"bundle": bundle(entry(ifNoneExist="identifier=a|1"))})["main"]
    assert item["responses"][0]["status"] == "201 Created"
    assert world.run(TRANSACTION, {"bundle": bundle(entry())}, duplicates="accept")["main"]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"bundle": PATIENT}, {"bundle": bundle()}, {"bundle": bundle(entry(method="BREW"))}, {"bundle": "x"}],
)
def test_what_is_no_transaction_is_not_sent(world: World, wrong: dict[str, Any]) -> None:
    failed = world.failure(TRANSACTION, wrong)
    assert failed.permanent
    assert world.ehr.server.asked == []


@pytest.mark.parametrize(
    ("kind", "item", "parameters", "error"),
    [
        (READ, {}, {"reference": "Patient/p1", "connection": "other"}, "UnknownConnection"),
        (UPDATE, {"resource": {"resourceType": "Patient", "id": "../x"}}, {}, "InvalidResource"),
        (UPDATE, {"resource": {"resourceType": "Patient", "id": "p", "x": float("nan")}}, {}, "InvalidResource"),
        (CREATE, {"resource": {"resourceType": "a/b"}}, {"duplicates": "accept"}, "InvalidResource"),
        (CREATE, {"resource": "Doe"}, {}, "NoResource"),
        (UPDATE, {}, {}, "NoResource"),
    ],
)
def test_bad_input_fails_for_good_and_is_not_quoted(
    world: World, kind: str, item: dict[str, Any], parameters: dict[str, Any], error: str
) -> None:
    failed = world.failure(kind, item, **parameters)
    assert (failed.kind, failed.permanent) == (error, True)
    assert "Doe" not in failed.message
    assert world.ehr.server.asked == []


def test_what_may_pass_is_tried_again_as_the_nodes_retry_says(world: World) -> None:
    world.ehr.next_answers = [outcome(429, "throttled", "Doe", **{"Retry-After": "90"})]
    failed = world.failure(READ, {}, reference="Patient/p1")
    assert (failed.kind, failed.permanent) == ("Busy", False)


def test_errors_and_events_of_an_execution_quote_no_patient(world: World) -> None:
    world.ehr.next_answers = [outcome(422, "value", "Doe 1970-01-01")]
    execution = world.execute(CREATE, {"resource": NEW})
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == "Refused"
    assert not [word for word in ("Doe", "1970", "4711") if word in json.dumps(execution.error)]


def test_a_secret_that_was_shredded_is_told(world: World) -> None:
    world.connect(auth=Auth.BACKEND_SERVICE)
    from penstock.events.keyring import MemoryKeyring

    world.keyring = MemoryKeyring()
    failed = world.failure(READ, {}, reference="Patient/p1")
    assert (failed.kind, failed.permanent) == ("NotOpened", True)
