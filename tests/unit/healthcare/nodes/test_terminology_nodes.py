"""healthcare.terminology.lookup and translate, in workflows that the engine runs."""

from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.mapping import codes
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run

GENDER = "http://hl7.org/fhir/administrative-gender"
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
STATUSES = "http://hl7.org/fhir/ValueSet/observation-status"


def test_a_code_has_its_display_and_parents() -> None:
    [item] = run("terminology.lookup", {"id": 7}, code="male", system=GENDER)["known"]
    assert item == {
        "id": 7,
        "concept": {"system": GENDER, "code": "male", "display": "Male", "parents": [], "is_selectable": True},
    }
    acts = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    [item] = run("terminology.lookup", {}, code="_ActAccountCode", system=acts)["known"]
    assert item["concept"]["is_selectable"] is False


def test_a_table_of_v2_goes_by_its_name() -> None:
    [item] = run("terminology.lookup", {}, code="F", system="HL70001")["known"]
    assert item["concept"]["display"] == "Female"
    assert item["concept"]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0001"


@pytest.mark.parametrize(
    ("given", "port", "in_set"),
    [
        ({"code": "male", "system": GENDER, "value_set": GENDERS}, "known", True),
        ({"code": "male", "value_set": GENDERS}, "known", True),
        ({"code": "final", "system": GENDER, "value_set": STATUSES}, "unknown", False),
        ({"code": "male", "system": GENDER, "value_set": STATUSES}, "unknown", False),
        ({"code": "m", "value_set": GENDERS}, "unknown", False),
    ],
)
def test_a_value_set_has_a_code_or_not(given: dict[str, str], port: str, in_set: bool) -> None:
    [item] = run("terminology.lookup", {}, **given)[port]
    assert item["concept"]["in_value_set"] is in_set


@pytest.mark.parametrize(
    ("given", "port"),
    [
        ({"code": "m", "system": GENDER}, "unknown"),
        ({"code": "2823-3", "system": "LN"}, "undecided"),
        ({"code": "2823-3", "system": "http://loinc.org", "value_set": GENDERS}, "unknown"),
        (
            {"code": "8310-5", "system": "LN", "value_set": "http://hl7.org/fhir/ValueSet/observation-codes"},
            "undecided",
        ),
    ],
)
def test_what_is_not_there_and_what_nobody_can_say(given: dict[str, str], port: str) -> None:
    assert len(run("terminology.lookup", {}, **given)[port]) == 1


@pytest.mark.parametrize(
    ("kind", "given", "error", "reason"),
    [
        ("lookup", {"code": "x", "system": "NOSUCH"}, "UnknownSystem", "item 0: system: must be a URI"),
        ("lookup", {"code": "x", "value_set": "http://nowhere"}, "UnknownValueSet", "item 0: value_set"),
        ("lookup", {"code": "x"}, "InvalidParameters", "give a system, a value_set, or both"),
        ("lookup", {"code": "", "system": GENDER}, "InvalidParameters", "code"),
        ("lookup", {"code": "x" * 201, "system": GENDER}, "InvalidParameters", "code"),
        (
            "translate",
            {"code": "M", "map": "systems"},
            "InvalidParameters",
            "map: Value error, must be one of AbsentReason",
        ),
        ("translate", {"code": "M", "map": "../../x"}, "InvalidParameters", "must be one of"),
        ("translate", {"code": "M", "map": "MaritalStatus", "direction": "up"}, "InvalidParameters", "direction"),
    ],
)
def test_what_does_not_fit_fails_with_the_field(kind: str, given: dict[str, Any], error: str, reason: str) -> None:
    expressions = {name: f"{{{{ $json.{name} }}}}" for name in given}
    execution = execute(f"terminology.{kind}", given, **expressions)
    assert execution.status is Status.FAILED
    assert execution.error
    assert (execution.error["type"], reason in execution.error["message"]) == (error, True), execution.error


def test_a_v2_code_becomes_fhirs_and_goes_back() -> None:
    [item] = run("terminology.translate", {}, code="m", map="MaritalStatus")["translated"]
    system = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
    assert item["translation"] == {"system": system, "code": "M", "is_reversible": True}
    [item] = run("terminology.translate", {}, code="T", map="MaritalStatus", direction="to_v2")["translated"]
    assert item["translation"]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0002"
    assert item["translation"]["code"] == "G"


def test_of_several_v2_codes_the_first_comes_back_and_that_is_said() -> None:
    first, second = (
        run("terminology.translate", {}, code=code, map="ObservationStatus")["translated"][0]["translation"]
        for code in ("F", "V")
    )
    assert (first["code"], first["is_reversible"]) == ("final", True)
    assert (second["code"], second["is_reversible"]) == ("final", False)


@pytest.mark.parametrize("direction", ["to_fhir", "to_v2"])
def test_a_code_that_the_map_does_not_have_is_unmapped(direction: str) -> None:
    [item] = run("terminology.translate", {}, code="nope", map="MaritalStatus", direction=direction)["unmapped"]
    assert item["translation"] is None


@pytest.mark.parametrize("name", codes.code_maps())
def test_every_map_translates_each_of_its_codes_there_and_back(name: str) -> None:
    known = codes.code_map(name)
    assert known.codes
    for code in known.codes:
        fhir = known.coding(code)
        assert fhir
        back = known.backward[fhir["code"]]
        assert known.codes[back.upper()][0] == fhir["code"]
