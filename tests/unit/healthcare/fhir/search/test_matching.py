"""Search semantics, by tables: what a query's text finds in a resource (FHIR R4, section 3.1.1)."""

from typing import Any

import pytest

from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.search import rows
from penstock_healthcare.fhir.search.asking import asked
from penstock_healthcare.fhir.search.finding import matches

PATIENT = {
    "resourceType": "Patient",
    "id": "p-1",
    "active": True,
    "identifier": [{"system": "urn:mrn", "value": "4471"}, {"value": "bare"}],
    "name": [{"family": "Müller-Lüdenscheidt", "given": ["Ève", "a,b"]}],
    "gender": "female",
    "birthDate": "1980-03",
    "telecom": [{"system": "email", "value": "eve@example.org"}],
    "managingOrganization": {"reference": "Organization/o-1"},
    "generalPractitioner": [{"reference": "Practitioner/same"}, {"reference": "https://other.org/Organization/o-9"}],
    "meta": {"profile": ["http://example.org/profile"], "tag": [{"system": "urn:t", "code": "vip"}]},
}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o-1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}, {"system": "urn:local", "code": "K"}]},
    "subject": {"reference": "Patient/p-1"},
    "effectivePeriod": {"start": "2026-11-24T08:00:00Z"},
    "valueQuantity": {"value": 5.40, "unit": "mmol per l", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
}


def found(resource: dict[str, Any], name: str, value: str) -> bool:
    document = rows.row(
        resource["resourceType"], resource["id"], json_text.write(resource), 1, "2026-11-24T10:00:00.000Z"
    )
    return matches(asked(resource["resourceType"], [(name, value)], "https://here/fhir"), document)


@pytest.mark.parametrize(
    ("name", "value", "is_found"),
    [
        ("gender", "female", True),
        ("gender", "male", False),
        ("gender", "male,female", True),
        ("gender", "http://hl7.org/fhir/administrative-gender|female", True),
        ("gender:not", "female", False),
        ("gender:not", "male", True),
        ("active", "true", True),
        ("deceased", "false", True),
        ("identifier", "4471", True),
        ("identifier", "urn:mrn|4471", True),
        ("identifier", "urn:other|4471", False),
        ("identifier", "|4471", False),
        ("identifier", "|bare", True),
        ("identifier", "urn:mrn|", True),
        ("identifier", "urn:none|", False),
        ("email", "eve@example.org", True),
        ("phone", "eve@example.org", False),
        ("_tag", "urn:t|vip", True),
        ("_id", "p-1", True),
        ("_id", "p-2,p-1", True),
        ("_id", "p-2", False),
    ],
)
def test_tokens(name: str, value: str, is_found: bool) -> None:
    assert found(PATIENT, name, value) is is_found


@pytest.mark.parametrize(
    ("name", "value", "is_found"),
    [
        ("family", "mull", True),
        ("family", "MÜLLER", True),
        ("family", "lüdenscheidt", False),
        ("family:contains", "luden", True),
        ("family:exact", "Müller-Lüdenscheidt", True),
        ("family:exact", "müller-lüdenscheidt", False),
        ("given", "eve", True),
        ("given", "a\\,b", True),
        ("given", "x,y", False),
        ("name", "mul", True),
        ("_profile", "http://example.org/profile", True),
        ("_profile", "http://example.org/prof", False),
    ],
)
def test_strings_and_uris(name: str, value: str, is_found: bool) -> None:
    assert found(PATIENT, name, value) is is_found


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ("1980", True),
        ("1980-03", True),
        ("1980-03-05", False),
        ("ne1980-03-05", True),
        ("gt1980-02", True),
        ("gt1980-03", False),
        ("ge1980-03", True),
        ("ge1980-04", False),
        ("lt1980-04", True),
        ("lt1980-03", False),
        ("le1980-03", True),
        ("sa1980-02", True),
        ("sa1980-03", False),
        ("eb1980-04", True),
        ("eb1980-03-15", False),
    ],
)
def test_dates_with_the_precision_that_they_have(value: str, is_found: bool) -> None:
    assert found(PATIENT, "birthdate", value) is is_found


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ("gt2030", True),
        ("eq2026-11-24", False),
        ("ge2026-11-24", True),
        ("lt2026-11-24T09:00:00+00:00", True),
        ("lt2026-11-24T09:00:00%2B02:00", None),
        ("lt2026-11-24T09:00:00+02:00", False),
        ("sa2026-11-23", True),
        ("eb2030", False),
    ],
)
def test_an_open_period_goes_on(value: str, is_found: bool | None) -> None:
    if is_found is None:
        with pytest.raises(InvalidSearch):
            found(OBSERVATION, "date", value)
    else:
        assert found(OBSERVATION, "date", value) is is_found


@pytest.mark.parametrize(
    ("name", "value", "is_found"),
    [
        ("organization", "o-1", True),
        ("organization", "Organization/o-1", True),
        ("organization", "https://here/fhir/Organization/o-1", True),
        ("organization", "Organization/o-2", False),
        ("organization:Organization", "o-1", True),
        ("general-practitioner:Organization", "same", False),
        ("general-practitioner:Practitioner", "same", True),
        ("general-practitioner", "https://other.org/Organization/o-9", True),
        ("link:missing", "true", True),
        ("organization:missing", "true", False),
        ("organization:missing", "false", True),
    ],
)
def test_references(name: str, value: str, is_found: bool) -> None:
    assert found(PATIENT, name, value) is is_found


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ("5.4", True),
        ("5", True),
        ("5.44", False),
        ("5.4|http://unitsofmeasure.org|mmol/L", True),
        ("5.4|http://unitsofmeasure.org|g/L", False),
        ("5.4||mmol per l", True),
        ("5.4||mmol/L", True),
        ("gt5.4", False),
        ("ge5.4", True),
        ("lt6||mmol/L", True),
        ("le5.39", False),
        ("ne5.4", False),
        ("sa5", True),
        ("eb5", False),
    ],
)
def test_quantities(value: str, is_found: bool) -> None:
    assert found(OBSERVATION, "value-quantity", value) is is_found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patient", "p-1"),
        ("subject", "Patient/p-1"),
        ("code", "http://loinc.org|2823-3"),
        ("combo-code", "K"),
        ("_lastUpdated", "2026-11-24"),
        ("_lastUpdated", "lt2026-11-25"),
    ],
)
def test_an_observation_is_found(name: str, value: str) -> None:
    assert found(OBSERVATION, name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birthdate", "yesterday"),
        ("birthdate", "1980-13"),
        ("birthdate", "ap1980"),
        ("birthdate:exact", "1980"),
        ("gender:text", "f"),
        ("gender:missing", "maybe"),
        ("gender", ""),
        ("gender", "a,,b"),
        ("_count", "many"),
        ("_sort", "shoe-size"),
        ("_include", "Patient:shoe-size"),
        ("_include", "Observation:subject"),
        ("_include:iterate", "Patient:link"),
        ("_revinclude", "Dog:owner"),
        ("_summary", "text"),
        ("gender", "x" * 2_001),
    ],
)
def test_what_is_malformed_or_not_served_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(InvalidSearch) as caught:
        asked("Patient", [(name, value)])
    assert caught.value.parameter.startswith(name.partition(":")[0])


def test_an_unknown_parameter_is_ignored_unless_the_client_is_strict() -> None:
    query = asked("Patient", [("shoe-size", "44"), ("gender", "male")])
    assert (len(query.conditions), query.used) == (1, (("gender", "male"),))
    with pytest.raises(InvalidSearch):
        asked("Patient", [("shoe-size", "44")], strict=True)


def test_all_conditions_must_hold() -> None:
    document = rows.row("Patient", "p-1", json_text.write(PATIENT), 1, "2026-11-24T10:00:00.000Z")
    assert matches(asked("Patient", [("gender", "female"), ("family", "mull")]), document)
    assert not matches(asked("Patient", [("gender", "female"), ("family", "x")]), document)
    assert not matches(asked("Patient", [("given", "eve"), ("given", "x")]), document)


def test_values_have_bounds() -> None:
    names = [{"family": f"{number:0500}"} for number in range(1_000)]
    text = json_text.write({"resourceType": "Patient", "id": "p", "name": names})
    document = rows.row("Patient", "p", text, 1, "2026-11-24T10:00:00.000Z")
    assert document["text"] is None
    assert len(str(document["values"])) < 200_000
