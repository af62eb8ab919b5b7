"""healthcare.patient.search, in a workflow that the engine runs."""

import json
from typing import Any

import pytest

from tests.unit.healthcare.nodes.one_node import Hospital

SEARCH = "patient.search"


def patient(name: str, family: str, given: str, born: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": name,
        "name": [{"family": family, "given": [given]}],
        "birthDate": born,
        **more,
    }


@pytest.fixture
def hospital() -> Hospital:
    hospital = Hospital()
    hospital.keep(
        patient("1", "Okafor", "Elizabeth", "1954-04-12", telecom=[{"system": "phone", "value": "217 555 0142"}]),
        patient("2", "Okafor", "Ruth", "1954-04-12"),
        patient("3", "Lindqvist", "Elizabeth", "1971-01-30", identifier=[{"system": "urn:mrn", "value": "33"}]),
    )
    return hospital


def found(made: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["reference"], each["grade"]) for each in made["matches"]]


def test_a_patient_is_found_by_nickname_and_a_transposed_date(hospital: Hospital) -> None:
    made = hospital.run(SEARCH, {"n": 1}, family="OKAFOR", given="Liz", birth_date="1954-12-04", phone="+1-217-5550142")
    assert (made["n"], made["match"]) == (1, "probable")
    first = made["matches"][0]
    assert (first["reference"], first["patient"]["birthDate"]) == ("Patient/1", "1954-04-12")
    assert {each["field"]: each["agreement"] for each in first["reasons"]} == {
        "family": "same",
        "given": "nickname",
        "birth_date": "transposed",
        "phone": "same",
    }


def test_the_order_of_names_does_not_matter(hospital: Hospital) -> None:
    made = hospital.run(SEARCH, family="Elizabeth", given="Okafor", birth_date="1954-04-12", least="probable")
    assert found(made) == [("Patient/1", "probable")]


def test_a_typing_error_in_the_name_is_found_by_the_date(hospital: Hospital) -> None:
    made = hospital.run(SEARCH, family="Lindqvits", given="Elizabeth", birth_date="1971-01-30")
    assert found(made)[0][0] == "Patient/3"


def test_an_identifier_alone_is_probable_and_with_the_date_certain(hospital: Hospital) -> None:
    assert found(hospital.run(SEARCH, identifier="urn:mrn|33")) == [("Patient/3", "probable")]
    assert hospital.run(SEARCH, identifier="33", birth_date="1971-01-30")["match"] == "certain"


def test_two_that_are_as_likely_are_several_and_nobody_is_none(hospital: Hospital) -> None:
    made = hospital.run(SEARCH, birth_date="1954-04-12", family="Okafor")
    assert (made["match"], len(made["matches"])) == ("several", 2)
    assert hospital.run(SEARCH, birth_date="1999-09-09") == {"matches": [], "match": "none"}
    assert len(hospital.run(SEARCH, birth_date="1954-04-12", family="Okafor", most=1)["matches"]) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("{{ {sex: 'Okafor', birth_date: '1954-04-12'} }}", "sex"),
        ("{{ {birth_date: 'Okafor'} }}", "birth_date"),
        ("{{ {family: 'Okafor'} }}", "give an identifier"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_and_not_quoted(hospital: Hospital, given: str, field: str) -> None:
    parameters = {name: f"{{{{ ({given[3:-3]}).{name} || '' }}}}" for name in ("sex", "birth_date", "family")}
    kind, text = hospital.failure(SEARCH, **parameters)
    assert kind == "InvalidParameters"
    assert field in text
    assert "Okafor" not in text


def test_a_search_that_means_too_many_says_so(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock_healthcare.nodes.patient_search.MOST_CANDIDATES", 1)
    kind, text = hospital.failure(SEARCH, birth_date="1954-04-12")
    assert kind == "SearchTooCostly"
    assert "1954" not in json.dumps(text)
