"""Chains and _has on the real handler."""

from urllib.parse import urlencode

import pytest

from penstock_healthcare.fhir.search import finding
from tests.functions.cloud import Cloud
from tests.functions.test_fhir_searching import filled, get

__all__ = ["filled"]


@pytest.mark.parametrize(
    ("path", "name", "value", "ids"),
    [
        ("Observation", "subject:Patient.family", "brown", ["b0"]),
        ("Observation", "subject:Patient.name:exact", "brown", []),
        ("Observation", "patient.identifier", "urn:mrn|2", ["b0"]),
        ("Observation", "patient.identifier", "urn:mrn|9", []),
        ("Observation", "patient.birthdate", "lt1985", ["b0"]),
        ("Observation", "performer:Practitioner.family", "nobody", []),
        ("Patient", "_has:Observation:patient:value-quantity", "gt8", ["b"]),
        ("Patient", "_has:Observation:patient:code", "2823-3", ["a", "b"]),
        ("Patient", "_has:Observation:patient:code", "1", []),
        ("Patient", "_has:Observation:patient:_has:Provenance:target:agent", "Practitioner/d", ["b"]),
        ("Provenance", "target:Observation.patient.family", "brown", ["v"]),
        ("Provenance", "target:Observation.patient.family", "adams", []),
    ],
)
def test_what_belongs_together_is_found(filled: Cloud, path: str, name: str, value: str, ids: list[str]) -> None:
    body = get(filled, path, {name: value}).body
    assert sorted(each["resource"]["id"] for each in body.get("entry", [])) == ids
    assert urlencode({name: value}) in body["link"][0]["url"]


def test_a_chain_stands_beside_other_conditions_and_pages(filled: Cloud) -> None:
    query = {"patient.family": "adams", "value-quantity": "ge2", "_sort": "-value-quantity", "_count": "2"}
    body = get(filled, "Observation", query).body
    assert ([each["resource"]["id"] for each in body["entry"]], body["total"]) == (["a4", "a3"], 3)
    assert "next" in {each["relation"] for each in body["link"]}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Observation", "code.name"),
        ("Observation", "subject:Practitioner.name"),
        ("Observation", "subject:Patient.nothing"),
        ("Observation", "subject:Patient."),
        ("Provenance", "target._id"),
        ("Patient", "_has:Observation"),
        ("Patient", "_has:Observation:code:status"),
        ("Patient", "_has:Observation:patient:nothing"),
        ("Patient", "_has:Nothing:patient:code"),
        ("Patient", "link:Patient.link:Patient.link:Patient.link:Patient.name"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused(filled: Cloud, path: str, name: str) -> None:
    answer = get(filled, path, {name: "1"})
    assert (answer.status, answer.body["issue"][0]["code"]) == (400, "invalid")


def test_a_chain_over_too_many_is_refused(filled: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_LINKED", 4)
    assert get(filled, "Patient", {"_has:Observation:patient:code": "2823-3"}).body["issue"][0]["code"] == "too-costly"


def test_a_writes_condition_has_no_chain(filled: Cloud) -> None:
    path = "/v1/healthcare/fhir/Observation"
    assert filled.request("fhir", "DELETE", path, query={"patient.family": "brown"}).status == 400


def test_another_tenants_patients_lead_nowhere(filled: Cloud) -> None:
    key = filled.new_key("other")
    path = "/v1/healthcare/fhir/Observation"
    assert "entry" not in filled.request("fhir", "GET", path, query={"patient.family": "adams"}, key=key).body
