"""healthcare.fhir.create, update, patch, transaction and search, each in a workflow that the engine runs."""

from typing import Any

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Kind, Services
from penstock.workflows.runner import LocalRunner
from tests.unit.healthcare.nodes.one_node import NOW, Hospital

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:mrn", "value": "12"}],
    "name": [{"family": "Okafor", "given": ["Ada"]}],
    "birthDate": "1954-04-12",
}
POTASSIUM = {
    "resourceType": "Observation",
    "id": "k",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-11-20",
    "valueQuantity": {"value": "4.10", "unit": "mmol/L"},
}
NEW = {name: value for name, value in PATIENT.items() if name != "id"}
UNLESS = "identifier=urn:mrn|12"


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


def transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **request: Any) -> dict[str, Any]:
    held = {"resource": resource} if resource else {}
    known = {"fullUrl": full_url} if full_url else {}
    return {**known, **held, "request": {"method": method, "url": url, **request}}


@pytest.mark.parametrize("name", ["create", "update", "patch", "transaction"])
def test_what_writes_is_an_action_and_describes_itself(name: str) -> None:
    node = catalogue()[f"healthcare.fhir.{name}"]
    assert node.kind is Kind.ACTION
    assert all("description" in field for field in node.schema["properties"].values())


def test_creating_gives_a_new_id_and_keeps_digits(hospital: Hospital) -> None:
    made = hospital.run("fhir.create", {"resource": POTASSIUM, "ward": "3B"})
    assert made["ward"] == "3B"
    assert made["written"]["id"] != "k"
    assert (made["written"]["version"], made["written"]["created"]) == (1, True)
    assert '"value":4.10' in hospital.text(made["written"]["reference"])


def test_creating_again_under_the_same_key_creates_one(hospital: Hospital) -> None:
    first, again = hospital.twice("fhir.create", resource=NEW, into="patient")
    assert first == again
    assert hospital.count("Patient") == 1
    assert hospital.commits(first["main"][0]["patient"]["reference"]) == 1


def test_two_items_that_say_the_same_are_two_resources(hospital: Hospital) -> None:
    items = hospital.outputs("fhir.create", {"resource": NEW}, {"resource": NEW})["main"]
    assert len({each["written"]["reference"] for each in items}) == 2


def test_another_attempt_of_the_same_run_creates_no_other(hospital: Hospital) -> None:
    runner = LocalRunner(catalogue(), Services(hospital.store))
    for attempt in (1, 2):
        key = f"e/n/1/{attempt}"
        runner.run(
            NodeRequest(
                "healthcare.fhir.create", {"main": [{}]}, [{"resource": NEW}], key, attempt, NOW, "acme", "w", "e"
            )
        )
    assert hospital.count("Patient") == 1


def test_what_is_there_already_is_not_created(hospital: Hospital) -> None:
    hospital.keep(PATIENT)
    made = hospital.run("fhir.create", {"resource": NEW}, unless=UNLESS)
    assert made["written"] == {"reference": "Patient/p", "id": "p", "version": 1, "created": False, "changed": False}
    assert hospital.count("Patient") == 1


def test_a_condition_that_nothing_meets_creates_once(hospital: Hospital) -> None:
    first, again = hospital.twice("fhir.create", resource=NEW, unless=UNLESS)
    assert first == again
    assert first["main"][0]["written"]["created"]
    assert hospital.count("Patient") == 1


def test_a_condition_that_several_meet_is_refused(hospital: Hospital) -> None:
    hospital.keep(PATIENT, {**PATIENT, "id": "q"})
    kind, text = hospital.failure("fhir.create", {"resource": NEW}, unless=UNLESS)
    assert (kind, text) == ("SeveralFound", "item 0: unless: several resources meet the condition")


@pytest.mark.parametrize("node", ["fhir.create", "fhir.update"])
@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (None, "resource: must be an object"),
        ({**PATIENT, "gender": "Okafor"}, "Patient.gender"),
        ({**PATIENT, "Okafor": 1}, "Patient"),
        ({"resourceType": "Okafor"}, "resource"),
    ],
)
def test_what_is_not_valid_is_refused_and_not_quoted(hospital: Hospital, node: str, resource: Any, reason: str) -> None:
    kind, text = hospital.failure(node, {"resource": resource})
    assert kind == "InvalidResource"
    assert text.startswith("item 0: resource")
    assert reason in text
    assert "1954" not in text
    assert hospital.count("") == 0


def test_updating_makes_the_next_version_of_the_one_that_was_meant(hospital: Hospital) -> None:
    hospital.keep(PATIENT)
    changed = {**PATIENT, "active": True}
    made = hospital.run("fhir.update", {"resource": changed}, version=1)
    assert made["written"] == {"reference": "Patient/p", "id": "p", "version": 2, "created": False, "changed": True}
    kind, text = hospital.failure("fhir.update", {"resource": {**changed, "active": False}}, version=1)
    assert (kind, text) == ("VersionConflict", "item 0: resource: the resource does not stand at version 1")
    assert hospital.read("Patient/p")["active"] is True


def test_updating_again_under_the_same_key_writes_once(hospital: Hospital) -> None:
    hospital.keep(PATIENT)
    first, again = hospital.twice("fhir.update", {"resource": {**PATIENT, "active": True}}, version=1)
    assert first == again
    assert hospital.commits("Patient/p") == 2


def test_an_update_of_what_is_not_there_creates_it_and_one_without_id_fails(hospital: Hospital) -> None:
    assert hospital.run("fhir.update", {"resource": PATIENT})["written"]["created"]
    assert "resource.id" in hospital.failure("fhir.update", {"resource": NEW})[1]


def test_a_patch_changes_parts_and_keeps_all_other_digits(hospital: Hospital) -> None:
    hospital.keep(POTASSIUM)
    patch = [
        {"op": "test", "path": "/status", "value": "final"},
        {"op": "test", "path": "/valueQuantity/value", "value": "4.1"},
        {"op": "replace", "path": "/status", "value": "amended"},
        {"op": "add", "path": "/note", "value": [{"text": "haemolytic"}]},
        {"op": "add", "path": "/valueQuantity/system", "value": "urn:iso:std:iso:11240"},
    ]
    made = hospital.run("fhir.patch", reference="Observation/k", patch=patch, version=1)
    assert (made["written"]["version"], made["written"]["changed"]) == (2, True)
    assert '"value":4.10' in hospital.text("Observation/k")
    assert hospital.read("Observation/k")["note"] == [{"text": "haemolytic"}]


def test_a_patch_that_runs_again_under_the_same_key_adds_once(hospital: Hospital) -> None:
    hospital.keep(PATIENT)
    patch = [{"op": "add", "path": "/name/-", "value": {"text": "Ada"}}]
    first, again = hospital.twice("fhir.patch", reference="Patient/p", patch=patch)
    assert first == again
    assert len(hospital.read("Patient/p")["name"]) == 2
    assert hospital.commits("Patient/p") == 2


@pytest.mark.parametrize(
    ("patch", "kind", "place"),
    [
        ([{"op": "grow", "path": "/name"}], "InvalidPatch", "patch[0].op"),
        ([{"op": "test", "path": "/birthDate", "value": "1955-04-12"}], "InvalidPatch", "patch[0].value"),
        ([{"op": "add", "path": "/active"}], "InvalidPatch", "patch[0].value"),
        ([{"op": "remove", "path": "/name/7"}], "InvalidPatch", "patch[0].path"),
        ([{"op": "remove", "path": "/name/01"}], "InvalidPatch", "patch[0].path"),
        ([{"op": "move", "path": "/name/0/text", "from": "/name"}], "InvalidPatch", "patch[0].path"),
        ([{"op": "replace", "path": "/id", "value": "q"}], "InvalidPatch", "patch[0].path"),
        ([{"op": "replace", "path": "/birthDate", "value": "Okafor"}], "InvalidResource", "Patient.birthDate"),
        ([{"op": "add", "path": "/birthDate/0", "value": 1}], "InvalidPatch", "patch[0].path"),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(hospital: Hospital, patch: Any, kind: str, place: str) -> None:
    hospital.keep(PATIENT)
    sent = [{"op": "replace", "path": "/name/0/family", "value": "Other"}, *patch]
    found, text = hospital.failure("fhir.patch", reference="Patient/p", patch=sent)
    assert found == kind
    assert place.replace("[0]", "[1]") in text
    assert "Okafor" not in text
    assert hospital.commits("Patient/p") == 1


def test_a_patch_needs_a_resource(hospital: Hospital) -> None:
    patch = [{"op": "remove", "path": "/name"}]
    kind, text = hospital.failure("fhir.patch", reference="Patient/none", patch=patch)
    assert (kind, text) == ("UnknownResource", "item 0: patch: there is no such resource")
    hospital.keep(PATIENT)
    assert hospital.failure("fhir.patch", reference="Patient/p", patch=patch, version=4)[0] == "VersionConflict"


def test_a_transaction_writes_all_and_its_references_meet(hospital: Hospital) -> None:
    hospital.keep({**PATIENT, "id": "old", "identifier": []} | {"identifier": [{"value": "7"}]})
    bundle = transaction(
        entry("POST", "Observation", {**POTASSIUM, "subject": {"reference": "urn:uuid:1"}}),
        entry("POST", "Patient", NEW, "urn:uuid:1"),
        entry("DELETE", "Patient/old"),
    )
    first, again = hospital.twice("fhir.transaction", {"bundle": bundle})
    assert first == again
    observation, patient, deleted = first["main"][0]["written"]
    assert hospital.read(observation["reference"])["subject"]["reference"] == patient["reference"]
    assert '"value":4.10' in hospital.text(observation["reference"])
    assert [each["created"] for each in (observation, patient, deleted)] == [True, True, False]
    assert (deleted["method"], deleted["version"], deleted["changed"]) == ("DELETE", 2, True)
    assert hospital.count("Observation") == 1


def test_a_transaction_with_one_bad_entry_writes_nothing(hospital: Hospital) -> None:
    bundle = transaction(
        entry("POST", "Patient", NEW), entry("POST", "Observation", {"resourceType": "Observation", "status": "Okafor"})
    )
    kind, text = hospital.failure("fhir.transaction", {"bundle": bundle})
    assert kind == "InvalidResource"
    assert "Observation.status" in text
    assert "Okafor" not in text
    assert hospital.count("") == 0


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        (None, "bundle: must be an object"),
        ({"resourceType": "Bundle", "type": "batch"}, "Bundle.type: must be transaction"),
        (transaction(entry("GET", "Patient/p")), "Bundle.entry[0].request.method"),
        (transaction(entry("PUT", "Patient/p", PATIENT), entry("DELETE", "Patient/p")), "once in a transaction"),
        (transaction(entry("PUT", "Patient/p", PATIENT, ifMatch='W/"3"')), "does not stand at version 3"),
    ],
)
def test_what_is_no_transaction_is_refused(hospital: Hospital, bundle: Any, reason: str) -> None:
    assert reason in hospital.failure("fhir.transaction", {"bundle": bundle})[1]
    assert hospital.count("") == 0


def test_searching_finds_by_the_types_parameters_page_by_page(hospital: Hospital) -> None:
    hospital.keep(PATIENT, *({**POTASSIUM, "id": f"k{number}"} for number in range(3)))
    given: dict[str, Any] = {"resource_type": "Observation", "count": 2}
    search = {"patient": "Patient/p", "date": ["ge2026-11-01", "lt2026-12-01"], "_include": "Observation:subject"}
    page = hospital.run("fhir.search", {"n": 1}, search=search, **given)
    assert page["n"] == 1
    assert [each["valueQuantity"]["value"] for each in page["resources"]] == ["4.10", "4.10"]
    assert [each["id"] for each in page["included"]] == ["p"]
    rest = hospital.run("fhir.search", search=search, cursor=page["next"], **given)
    assert (len(rest["resources"]), rest["next"]) == (1, None)


def test_what_a_search_found_can_be_updated(hospital: Hospital) -> None:
    hospital.keep(POTASSIUM)
    [found] = hospital.run("fhir.search", resource_type="Observation")["resources"]
    hospital.run("fhir.update", {"resource": {**found, "status": "amended"}}, version=int(found["meta"]["versionId"]))
    assert '"value":4.10' in hospital.text("Observation/k")


@pytest.mark.parametrize(
    ("given", "kind", "place"),
    [
        ({"resource_type": "Okafor"}, "UnknownType", "resource_type"),
        ({"resource_type": "Patient", "search": {"birthdate": "Okafor"}}, "InvalidSearch", "search.birthdate"),
        ({"resource_type": "Patient", "search": {"nonsense": "1"}}, "InvalidSearch", "search.nonsense"),
        ({"resource_type": "Patient", "cursor": "x"}, "BadCursor", "search"),
    ],
)
def test_a_search_that_is_malformed_is_refused(hospital: Hospital, given: Any, kind: str, place: str) -> None:
    found, text = hospital.failure("fhir.search", **given)
    assert found == kind
    assert place in text
    assert "Okafor" not in text
