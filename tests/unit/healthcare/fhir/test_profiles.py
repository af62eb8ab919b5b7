"""Profiles: R4's own, and those that a caller brings, with a snapshot or only a differential."""

from typing import Any

import pytest

from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.validation.validator import Validator

BASE = "http://example.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"


def profile(name: str, of: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A profile as its author writes it: only what differs."""
    for element in elements:
        element.setdefault("path", ".".join(step.partition(":")[0] for step in element["id"].split(".")))
    return {
        "resourceType": "StructureDefinition",
        "url": BASE + name,
        "name": name,
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": of,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{of}",
        "derivation": "constraint",
        "differential": {"element": list(elements)},
        **more,
    }


def errors(resource: dict[str, Any], *profiles: dict[str, Any]) -> set[tuple[str, str]]:
    validator = Validator(r4().having(profiles))
    found = validator.validate(resource, [profiles[0]["url"]])
    return {(each.rule, each.location) for each in found if each.severity == "error"}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "K"}, **more}


def pressure(*components: tuple[str, float]) -> dict[str, Any]:
    made = [
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        }
        for code, value in components
    ]
    return observation(
        code={"coding": [{"system": LOINC, "code": "85354-9"}]},
        category=[
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
                ]
            }
        ],
        subject={"reference": "Patient/1"},
        effectiveDateTime="2026-11-24",
        component=made,
    )


def test_r4s_own_blood_pressure_profile_slices_its_components() -> None:
    validator = Validator()
    bp = "http://hl7.org/fhir/StructureDefinition/bp"
    right = validator.validate(pressure(("8480-6", 120), ("8462-4", 80)), [bp])
    assert not [each for each in right if each.severity == "error"]
    wrong = validator.validate(pressure(("8480-6", 120), ("8480-6", 80)), [bp])
    told = {each.message for each in wrong if each.severity == "error"}
    assert {
        "component:DiastolicBP is missing.",
        "component:SystolicBP is there 2 times; at most 1 may be.",
    } <= told


def test_cardinality_is_narrowed() -> None:
    one_name = profile("one-name", "Patient", {"id": "Patient.name", "min": 1, "max": "1"})
    assert errors(patient(name=[{"text": "a"}]), one_name) == set()
    assert errors(patient(), one_name) == {("cardinality", "Patient")}
    assert errors(patient(name=[{"text": "a"}, {"text": "b"}]), one_name) == {("cardinality", "Patient")}


def test_elements_inside_data_types_are_constrained() -> None:
    with_family = profile("family", "Patient", {"id": "Patient.name.family", "min": 1, "maxLength": 5})
    assert errors(patient(name=[{"family": "a"}]), with_family) == set()
    assert errors(patient(name=[{"text": "a"}]), with_family) == {("cardinality", "Patient.name[0]")}
    assert errors(patient(name=[{"family": "abcdef"}]), with_family) == {("max-length", "Patient.name[0].family")}


def test_fixed_and_pattern_values_are_held() -> None:
    female = profile("female", "Patient", {"id": "Patient.gender", "min": 1, "fixedCode": "female"})
    assert errors(patient(gender="female"), female) == set()
    assert errors(patient(gender="male"), female) == {("fixed", "Patient.gender")}
    coded = profile(
        "coded", "Observation", {"id": "Observation.code", "patternCodeableConcept": {"coding": [{"system": LOINC}]}}
    )
    assert errors(observation(code={"text": "x", "coding": [{"system": LOINC, "code": "8480-6"}]}), coded) == set()
    assert errors(observation(), coded) == {("pattern", "Observation.code")}


MRN = profile(
    "mrn",
    "Patient",
    {
        "id": "Patient.identifier",
        "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"},
    },
    {"id": "Patient.identifier:mrn", "sliceName": "mrn", "min": 1, "max": "1"},
    {"id": "Patient.identifier:mrn.system", "min": 1, "fixedUri": "http://example.org/mrn"},
    {"id": "Patient.identifier:mrn.value", "min": 1},
)


@pytest.mark.parametrize(
    ("identifiers", "wanted"),
    [
        ([{"system": "http://example.org/mrn", "value": "1"}], set()),
        ([], {("cardinality", "Patient")}),
        ([{"system": "http://example.org/mrn"}], {("cardinality", "Patient.identifier[0]")}),
        (
            [{"system": "http://example.org/mrn", "value": "1"}, {"system": "http://example.org/x", "value": "1"}],
            {("slicing", "Patient.identifier[1]")},
        ),
    ],
)
def test_slices_by_value_are_told_apart(identifiers: list[Any], wanted: set[tuple[str, str]]) -> None:
    members = {"identifier": identifiers} if identifiers else {"active": True}
    assert errors(patient(**members), MRN) == wanted


def test_slices_by_type_are_told_apart() -> None:
    typed = profile(
        "typed",
        "Observation",
        {"id": "Observation.valueQuantity", "path": "Observation.valueQuantity", "min": 1},
        {"id": "Observation.valueQuantity.unit", "path": "Observation.valueQuantity.unit", "min": 1},
    )
    place = "Observation.value.ofType(Quantity)"
    assert errors(observation(valueQuantity={"value": 1, "unit": "g"}), typed) == set()
    assert errors(observation(valueQuantity={"value": 1}), typed) == {("cardinality", place)}
    assert ("cardinality", "Observation") in errors(observation(valueString="x"), typed)


def test_a_choice_is_narrowed_to_a_type() -> None:
    only = profile("only", "Observation", {"id": "Observation.value[x]", "type": [{"code": "string"}]})
    assert errors(observation(valueString="x"), only) == set()
    assert errors(observation(valueInteger=1), only) == {("type", "Observation.value.ofType(integer)")}


def test_a_reference_is_narrowed_to_a_target() -> None:
    target = [{"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}]
    patients = profile("patients", "Observation", {"id": "Observation.subject", "type": target})
    assert errors(observation(subject={"reference": "Patient/1"}), patients) == set()
    assert errors(observation(subject={"reference": "Group/1"}), patients) == {
        ("reference-target", "Observation.subject")
    }


def test_an_invariant_of_a_profile_is_held() -> None:
    rule = {"key": "p-1", "severity": "error", "human": "A name has a family", "expression": "name.family.exists()"}
    strict = profile("strict", "Patient", {"id": "Patient", "constraint": [rule]})
    assert errors(patient(name=[{"family": "a"}]), strict) == set()
    assert errors(patient(active=True), strict) == {("p-1", "Patient")}


def test_a_binding_to_a_callers_value_set_is_held() -> None:
    colours = {
        "resourceType": "ValueSet",
        "url": "http://example.org/vs",
        "status": "draft",
        "compose": {"include": [{"system": "http://example.org/cs", "concept": [{"code": "red"}]}]},
    }
    bound = profile(
        "bound",
        "Observation",
        {"id": "Observation.code", "binding": {"strength": "required", "valueSet": "http://example.org/vs"}},
    )
    red = {"coding": [{"system": "http://example.org/cs", "code": "red"}]}
    blue = {"coding": [{"system": "http://example.org/cs", "code": "blue"}]}
    assert errors(observation(code=red), bound, colours) == set()
    assert errors(observation(code=blue), bound, colours) == {("binding", "Observation.code")}


def test_an_extension_that_a_profile_asks_for_is_held() -> None:
    extension = profile(
        "colour",
        "Extension",
        {"id": "Extension.url", "fixedUri": BASE + "colour"},
        {"id": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
        kind="complex-type",
        context=[{"type": "element", "expression": "Patient"}],
    )
    asking = profile(
        "asking",
        "Patient",
        {"id": "Patient.extension", "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}},
        {
            "id": "Patient.extension:colour",
            "sliceName": "colour",
            "min": 1,
            "type": [{"code": "Extension", "profile": [BASE + "colour"]}],
        },
    )
    right = patient(extension=[{"url": BASE + "colour", "valueCode": "red"}])
    assert errors(right, asking, extension) == set()
    assert errors(patient(active=True), asking, extension) == {("cardinality", "Patient")}
    wrong = patient(extension=[{"url": BASE + "colour", "valueString": "red"}])
    assert errors(wrong, asking, extension) == {("type", "Patient.extension[0].value.ofType(string)")}


def test_a_profile_of_another_type_does_not_fit() -> None:
    assert errors(observation(), profile("x", "Patient")) == {("profile", "Observation")}


def test_a_profile_that_is_not_known_is_an_error() -> None:
    found = Validator().validate(patient(active=True), ["http://example.org/none"])
    assert ("profile-unknown", "error") in {(each.rule, each.severity) for each in found}


def test_a_profile_that_leads_to_itself_ends() -> None:
    endless = profile("endless", "Patient")
    endless["baseDefinition"] = endless["url"]
    assert isinstance(errors(patient(active=True), endless), set)


@pytest.mark.parametrize(
    "elements", [["x"], [{"id": "Patient.name", "path": "Patient.name", "max": "many"}], [{"type": 1}]]
)
def test_a_profile_that_does_not_hold_together_is_refused(elements: list[Any]) -> None:
    broken = {**profile("broken", "Patient"), "differential": {"element": elements}}
    with pytest.raises(InvalidResource):
        errors(patient(active=True), broken)


def test_what_a_resource_names_is_not_kept() -> None:
    """Else a sender could fill the memory with URLs that there are not."""
    definitions = r4().having([])
    validator = Validator(definitions)
    for number in range(20):
        url = f"http://example.org/{number}"
        coding = {"system": url, "code": "x"}
        validator.validate(observation(meta={"profile": [url]}, code={"coding": [coding]}, extension=[{"url": url}]))
    kept = [*definitions._structures, *validator._terminology._concepts, *validator._terminology._expansions]
    assert not [each for each in kept if each.startswith("http://example.org/")]
