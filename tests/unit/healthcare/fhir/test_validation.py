"""Validation by R4's own rules."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.fhir.validation import Finding, is_valid, operation_outcome, validate, validate_text
from penstock_healthcare.fhir.validation.session import MOST_FINDINGS

NOTHING: dict[str, Any] = {}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "K"}, **more}


def errors(resource: dict[str, Any], *profiles: str) -> set[tuple[str, str]]:
    return {(each.rule, each.location) for each in validate(resource, profiles) if each.severity == "error"}


def test_a_right_resource_has_no_errors() -> None:
    assert errors(patient(id="p", active=True, name=[{"family": "F"}], birthDate="2020-02-29")) == set()


@pytest.mark.parametrize(
    ("members", "rule", "location"),
    [
        ({"colour": "red"}, "unknown-element", "Patient"),
        ({"name": {"family": "F"}}, "list", "Patient.name"),
        ({"active": [True]}, "list", "Patient.active"),
        ({"active": "true"}, "type-boolean", "Patient.active"),
        ({"active": None}, "null", "Patient.active"),
        ({"name": []}, "list", "Patient.name"),
        ({"name": [{}]}, "empty", "Patient.name[0]"),
        ({"name": ["F"]}, "type", "Patient.name[0]"),
        ({"birthDate": "2020-02-30"}, "type-date", "Patient.birthDate"),
        ({"birthDate": ""}, "type-date", "Patient.birthDate"),
        ({"id": "no spaces"}, "type-id", "Patient.id"),
        ({"gender": "mail"}, "binding", "Patient.gender"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "choice", "Patient"),
        ({"deceasedString": "x"}, "unknown-element", "Patient"),
        ({"multipleBirthInteger": 1.5}, "type-integer", "Patient.multipleBirth.ofType(integer)"),
        ({"managingOrganization": {"reference": "Patient/1"}}, "reference-target", "Patient.managingOrganization"),
        ({"managingOrganization": {"reference": "#o"}}, "ref-1", "Patient.managingOrganization"),
        ({"managingOrganization": {"reference": "x"}}, "reference-form", "Patient.managingOrganization"),
        ({"contained": [{"resourceType": "Organization", "id": "o", "name": "O"}]}, "dom-3", "Patient"),
        ({"contained": [{"resourceType": "Nothing", "id": "o"}]}, "resource-type", "Patient.contained[0]"),
        ({"contact": [{"gender": "male"}]}, "pat-1", "Patient.contact[0]"),
        ({"telecom": [{"value": "1"}]}, "cpt-2", "Patient.telecom[0]"),
        ({"communication": [{"preferred": True}]}, "cardinality", "Patient.communication[0]"),
        ({"extension": [{"url": "relative", "valueString": "x"}]}, "extension-url", "Patient.extension[0]"),
        ({"extension": [{"url": "http://example.org/x"}]}, "ext-1", "Patient.extension[0]"),
        ({"text": {"status": "generated", "div": "<p>x</p>"}}, "txt-1", "Patient.text.div"),
        ({"identifier": [{"system": "local", "value": "1"}]}, "identifier-system", "Patient.identifier[0]"),
        ({"identifier": [{"system": "urn:ietf:rfc:3986", "value": "1"}]}, "identifier-value", "Patient.identifier[0]"),
        ({"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bp"]}}, "profile", "Patient"),
        ({"_name": [{"id": "x"}]}, "unknown-element", "Patient"),
        ({"_active": {"value": True}}, "unknown-element", "Patient.active"),
        ({"photo": [{"data": "a"}]}, "type-base64Binary", "Patient.photo[0].data"),
        ({"photo": [{"contentType": "no type/at all/"}]}, "binding", "Patient.photo[0].contentType"),
        ({"fhir_comments": ["x"]}, "unknown-element", "Patient"),
    ],
)
def test_what_is_wrong_is_found_where_it_is(members: dict[str, Any], rule: str, location: str) -> None:
    assert (rule, location) in errors(patient(**members))


@pytest.mark.parametrize(
    "resource", [NOTHING, {"resourceType": "Nothing"}, {"resourceType": 1}, {"resourceType": "Element"}]
)
def test_a_type_that_there_is_not_is_refused(resource: dict[str, Any]) -> None:
    assert errors(resource) == {("resource-type", "")}


def test_codes_are_held_against_their_system() -> None:
    gender = "http://hl7.org/fhir/administrative-gender"

    def of(**coding: Any) -> set[tuple[str, str]]:
        return errors(observation(valueCodeableConcept={"coding": [coding]}))

    place = "Observation.value.ofType(CodeableConcept).coding[0]"
    assert of(system=gender, code="male", display="male") == set()
    assert of(system=gender, code="mail") == {("code-system", place)}
    assert of(system=gender, code="male", display="Female") == {("display", place)}
    terminology = "http://terminology.hl7.org/CodeSystem/"
    assert of(system=f"{terminology}observation-category", code="vitals") == {("code-system", place)}
    assert of(system=f"{terminology}v3-ActCode", code="LOCAL") == set()
    assert of(system="http://loinc.org", code="8867-5") == {("code-system", place)}
    assert of(system="http://snomed.info/sct", code="195967002") == {("code-system", place)}
    assert of(system="http://snomed.info/sct", code="195967001") == set()


def test_an_extension_is_held_against_its_definition_and_its_place() -> None:
    birth_time = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
    wrong_type = patient(birthDate="2020", _birthDate={"extension": [{"url": birth_time, "valueString": "x"}]})
    assert ("type", "Patient.birthDate.extension[0].value.ofType(string)") in errors(wrong_type)
    wrong_place = patient(extension=[{"url": birth_time, "valueDateTime": "2020-01-01T10:00:00Z"}])
    assert ("extension-context", "Patient.extension[0]") in errors(wrong_place)


def test_an_unknown_extension_is_told_and_allowed() -> None:
    found = validate(patient(extension=[{"url": "http://example.org/x", "valueString": "x"}]))
    assert is_valid(found)
    assert "extension-unknown" in {each.rule for each in found}


def test_a_vital_sign_conforms_to_its_profile() -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    assert ("cardinality", "Observation") in errors(observation(code=code))


def test_a_bundles_full_urls_and_references_are_held() -> None:
    def bundle(kind: str, *entries: Any) -> dict[str, Any]:
        return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}

    other = {"fullUrl": "http://example.org/fhir/Patient/2", "resource": patient(id="1")}
    assert ("full-url", "Bundle.entry[0]") in errors(bundle("collection", other))
    upper = {"fullUrl": "urn:uuid:ABC", "resource": patient()}
    assert ("full-url", "Bundle.entry[0]") in errors(bundle("collection", upper))
    header = {
        "resourceType": "MessageHeader",
        "eventUri": "http://example.org/e",
        "source": {"endpoint": "http://example.org"},
        "focus": [{"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1"}],
    }
    message = bundle("message", {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": header})
    assert ("bundle-reference", "Bundle.entry[0].resource.focus[0]") in errors(message)


def test_references_lead_to_the_bundles_resources() -> None:
    uuid = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    entries = [
        {"fullUrl": uuid, "resource": patient()},
        {"fullUrl": uuid[:-1] + "1", "resource": patient(managingOrganization={"reference": uuid})},
    ]
    found = errors({"resourceType": "Bundle", "type": "collection", "entry": entries})
    assert found == {("reference-target", "Bundle.entry[1].resource.managingOrganization")}


def test_findings_never_quote_values() -> None:
    secret = "Zebulon-4711"
    resource = patient(
        gender=secret,
        birthDate=secret,
        active=secret,
        name=[{"use": secret, "period": {"start": secret}}],
        id=f"{secret} ",
    )
    found = validate(resource)
    assert len(found) >= 6
    assert not any(secret in each.message for each in found)


def test_findings_are_bounded() -> None:
    assert len(validate(patient(name=[{"use": f"u{number}"} for number in range(2_000)]))) == MOST_FINDINGS


def test_an_outcome_is_itself_valid() -> None:
    outcome = operation_outcome(validate(patient(gender="mail", colour=1)))
    assert errors(outcome) == set()
    assert outcome["issue"][0]["severity"] == "error"
    assert errors(operation_outcome(())) == set()


def test_deep_nesting_is_a_finding() -> None:
    item: dict[str, Any] = {"linkId": "end", "type": "display"}
    for number in range(300):
        item = {"linkId": str(number), "type": "group", "item": [item]}
    found = errors({"resourceType": "Questionnaire", "status": "draft", "item": [item]})
    assert "depth" in {rule for rule, _ in found}


KINDS = [
    "Patient",
    "Observation",
    "Bundle",
    "Questionnaire",
    "QuestionnaireResponse",
    "StructureDefinition",
    "Parameters",
    "ValueSet",
    "SearchParameter",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "id",
                    "extension",
                    "_id",
                    "url",
                    "contained",
                    "resourceType",
                    "value",
                    "text",
                    "meta",
                    "identifier",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "id",
                "contained",
                "extension",
                "code",
                "status",
                "text",
                "meta",
                "entry",
                "item",
                "parameter",
                "_id",
                "subject",
                "valueQuantity",
                "component",
                "identifier",
            ]
        ),
        JSON,
        max_size=6,
    ),
)
def test_any_json_gives_findings(kind: str, members: dict[str, Any]) -> None:
    assert isinstance(validate({"resourceType": kind, **members}), tuple)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='<>/="&; Patientdvx:{}[],"\\0e.-', max_size=120).map(str.encode))
def test_any_bytes_give_findings(content: bytes) -> None:
    assert all(isinstance(each, Finding) for each in validate_text(content))


def _large(count: int) -> list[dict[str, Any]]:
    referring = [
        {"url": "http://example.org/x", "valueReference": {"reference": f"#o{number}"}} for number in range(count)
    ]
    organizations = [{"resourceType": "Organization", "id": f"o{number}", "name": "O"} for number in range(count)]
    items = [{"linkId": str(number), "type": "display", "text": "x" * 50} for number in range(count)]
    entries = [
        {"fullUrl": f"http://example.org/Patient/{number}", "resource": patient(id=str(number))}
        for number in range(count)
    ]
    return [
        patient(contained=organizations, extension=referring),
        {"resourceType": "Questionnaire", "status": "draft", "item": items},
        {"resourceType": "Bundle", "type": "collection", "entry": entries},
        patient(name=[{"text": " " * count * 10 + "x"}], photo=[{"data": "A " * count + "!"}]),
        patient(text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>" + "<b>" * count}),
    ]


@pytest.mark.parametrize("which", range(5))
def test_time_grows_no_faster_than_the_resource(which: int) -> None:
    def took(count: int) -> float:
        """The least of three: what else the machine does only adds."""
        resource, times = _large(count)[which], []
        for _ in range(3):
            start = time.process_time()
            validate(resource)
            times.append(time.process_time() - start)
        return min(times)

    took(50)
    assert took(2_000) < 12 * max(took(400), 0.02)


QUESTIONNAIRE = {
    "resourceType": "Questionnaire",
    "id": "q",
    "status": "active",
    "item": [
        {"linkId": "1", "type": "boolean", "required": True},
        {"linkId": "2", "type": "choice", "answerOption": [{"valueCoding": {"code": "a"}}]},
        {"linkId": "3", "type": "group", "item": [{"linkId": "4", "type": "string"}]},
    ],
}
ANSWERED = {"linkId": "1", "answer": [{"valueBoolean": True}]}


@pytest.mark.parametrize(
    ("items", "rule"),
    [
        ([ANSWERED], None),
        ([], "required-item"),
        ([ANSWERED, {"linkId": "9"}], "link-id"),
        ([ANSWERED, ANSWERED], "repeats"),
        ([{"linkId": "1", "answer": [{"valueString": "x"}]}], "answer-type"),
        ([ANSWERED, {"linkId": "2", "answer": [{"valueCoding": {"code": "b"}}]}], "answer-option"),
        ([ANSWERED, {"linkId": "2", "answer": [{"valueCoding": {"code": "a", "display": "A"}}]}], None),
        ([ANSWERED, {"linkId": "3", "answer": [{"valueString": "x"}]}], "answer"),
        ([ANSWERED, {"linkId": "3", "item": [{"linkId": "4", "answer": [{"valueString": "x"}]}]}], None),
        ([ANSWERED, {"linkId": "4", "answer": [{"valueString": "x"}]}], "link-id"),
    ],
)
def test_a_response_is_held_against_its_questionnaire(items: list[Any], rule: str | None) -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "contained": [QUESTIONNAIRE],
        "questionnaire": "#q",
        "status": "completed",
        **({"item": items} if items else {}),
    }
    assert {found for found, _ in errors(response)} == ({rule} if rule else set())


def test_ids_of_elements_are_unique() -> None:
    twice = patient(name=[{"id": "a", "text": "x"}], telecom=[{"id": "a", "system": "phone"}])
    assert {rule for rule, _ in errors(twice)} == {"element-id"}


def test_what_shall_be_fhirpath_is() -> None:
    def search(expression: str) -> dict[str, Any]:
        return {
            "resourceType": "SearchParameter",
            "url": "http://example.org/s",
            "name": "S",
            "status": "draft",
            "description": "d",
            "code": "s",
            "base": ["Patient"],
            "type": "string",
            "expression": expression,
        }

    assert errors(search("Patient.name")) == set()
    assert errors(search("Patient.name.(")) == {("fhirpath", "SearchParameter.expression")}


def test_a_value_set_names_codes_that_there_are() -> None:
    include = {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}, {"code": "mail"}]}
    value_set = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [include]}}
    assert errors(value_set) == {("code-system", "ValueSet.compose.include[0].concept[1]")}


def test_a_urn_is_resolved_within_the_bundle() -> None:
    uuid = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    entry = {"fullUrl": uuid, "resource": observation(subject={"reference": uuid[:-1] + "1"})}
    found = errors({"resourceType": "Bundle", "type": "collection", "entry": [entry]})
    assert found == {("bundle-reference", "Bundle.entry[0].resource.subject")}


def test_a_document_holds_what_its_composition_leads_to_and_nothing_else() -> None:
    def url(number: int) -> str:
        return f"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e{number}"

    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "Letter"},
        "date": "2026",
        "author": [{"reference": url(1)}],
        "title": "T",
        "section": [{"section": [{"entry": [{"reference": url(2)}]}]}],
    }
    resources = [composition, patient(), observation(), observation()]
    document = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": url(9)},
        "timestamp": "2026-11-24T08:00:00Z",
        "entry": [{"fullUrl": url(number), "resource": each} for number, each in enumerate(resources)],
    }
    assert errors(document) == {("document-entry", "Bundle.entry[3].resource")}


def test_a_condition_names_a_question_that_there_is() -> None:
    condition = {"question": "9", "operator": "exists", "answerBoolean": True}
    items = [{"linkId": "1", "type": "string", "enableWhen": [condition]}]
    found = errors({"resourceType": "Questionnaire", "status": "draft", "item": items})
    assert found == {("enable-when", "Questionnaire.item[0].enableWhen[0]")}


def test_a_canonical_leads_to_what_is_contained() -> None:
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": "#q", "status": "in-progress"}
    assert errors(response) == {("canonical-contained", "QuestionnaireResponse.questionnaire")}
