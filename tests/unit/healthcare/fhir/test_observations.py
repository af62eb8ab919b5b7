"""OBX and what stands around it → Observation, DiagnosticReport, ServiceRequest, Specimen."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.from_hl7 import Mapped, from_hl7
from penstock_healthcare.hl7 import parse
from tests.unit.healthcare.samples import lines, sample

PATIENT = "PID|1||P1^^^HOSP^MR||Doe^Jane||19700101|F"
ORDER = "OBR|1|O1^EHR|F1^LAB|24326-1^Lytes^LN|||20260101080000+0100|||||||||||||||20260101090000+0100||CH|F"


def mapped(*segments: str) -> Mapped:
    return from_hl7(parse(lines(PATIENT, ORDER, *segments)))


def only(found: Mapped, kind: str) -> dict[str, Any]:
    [resource] = [each for each in found.resources if each["resourceType"] == kind]
    return resource


def observed(kind: str, value: str, units: str = "", reference: str = "", flag: str = "", status: str = "F") -> Any:
    """The Observation of one OBX."""
    found = mapped(f"OBX|1|{kind}|2823-3^Potassium^LN||{value}|{units}|{reference}|{flag}|||{status}")
    return only(found, "Observation")


@pytest.mark.parametrize(
    ("sent", "exact"),
    [("1.00", "1.00"), ("0", "0"), ("-0.50", "-0.50"), (".5", "0.5"), ("5.", "5"), ("+7", "7"), ("007", "7")],
)
def test_a_number_keeps_every_digit_after_the_point(sent: str, exact: str) -> None:
    assert observed("NM", sent)["valueQuantity"]["value"] == exact


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("mmol/L^millimole^UCUM", {"unit": "millimole", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
        ("X^x^L^mmol/L^^UCUM", {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
        ("mmol/L", {"unit": "mmol/L"}),
        ("", {}),
    ],
)
def test_units_are_ucum_where_the_sender_says_so(units: str, expected: dict[str, str]) -> None:
    assert observed("NM", "1", units)["valueQuantity"] == {"value": "1", **expected}


@pytest.mark.parametrize(
    ("kind", "sent", "element", "value"),
    [
        ("SN", "^165", "valueQuantity", {"value": "165"}),
        ("SN", ">^100000", "valueQuantity", {"value": "100000", "comparator": ">"}),
        ("SN", "=^4", "valueQuantity", {"value": "4"}),
        ("SN", "^1^:^128", "valueRatio", {"numerator": {"value": "1"}, "denominator": {"value": "128"}}),
        ("SN", "^10^-^20", "valueRange", {"low": {"value": "10"}, "high": {"value": "20"}}),
        ("SN", "^2^+", "valueString", "2+"),
        ("SN", "<>^3", "valueString", "<>3"),
        ("ST", "clear", "valueString", "clear"),
        ("TX", "one~two", "valueString", "one\ntwo"),
        ("FT", "one\\.br\\two \\T\\ three", "valueString", "one\ntwo & three"),
        ("DT", "20260102", "valueDateTime", "2026-01-02"),
        ("TS", "20260102030405+0100", "valueDateTime", "2026-01-02T03:04:05+01:00"),
        ("TM", "0304", "valueTime", "03:04:00"),
        ("NR", "1^2", "valueRange", {"low": {"value": "1"}, "high": {"value": "2"}}),
        ("DR", "20260101^20260102", "valuePeriod", {"start": "2026-01-01", "end": "2026-01-02"}),
        ("ID", "Y", "valueCodeableConcept", {"coding": [{"code": "Y"}]}),
        (
            "CE",
            "112283007^E. coli^SCT",
            "valueCodeableConcept",
            {
                "coding": [{"system": "http://snomed.info/sct", "code": "112283007", "display": "E. coli"}],
                "text": "E. coli",
            },
        ),
    ],
)
def test_a_value_follows_the_type_that_is_stated(kind: str, sent: str, element: str, value: Any) -> None:
    assert observed(kind, sent)[element] == value


def test_several_coded_values_stand_in_components() -> None:
    found = observed("CWE", "1^one^L~2^two^L")
    assert "valueCodeableConcept" not in found
    assert [part["valueCodeableConcept"]["text"] for part in found["component"]] == ["one", "two"]


def test_a_document_is_kept_as_the_extension_of_r5() -> None:
    found = observed("ED", "LAB^application^pdf^Base64^JVBERi0=")
    assert found["extension"][0]["valueAttachment"] == {"contentType": "application/pdf", "data": "JVBERi0="}


def test_a_value_that_is_not_of_its_type_is_kept_as_text_and_noted_unquoted() -> None:
    found = mapped("OBX|1|NM|2823-3^K^LN||haemolysed|||||F")
    assert only(found, "Observation")["valueString"] == "haemolysed"
    assert [(problem["path"], problem["rule"]) for problem in found.problems] == [("OBX-5[0]", "datatype-NM")]
    assert "haemolysed" not in str(found.problems)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("3.5-5.1", {"low": "3.5", "high": "5.1"}),
        ("0.60 - 1.10", {"low": "0.60", "high": "1.10"}),
        ("<=8", {"high": "8"}),
        (">=40", {"low": "40"}),
        ("<200", {}),
        ("negative", {}),
    ],
)
def test_a_reference_range_has_its_text_and_the_bounds_that_belong_to_it(text: str, bounds: dict[str, str]) -> None:
    [found] = observed("NM", "1", "g^g^UCUM", text)["referenceRange"]
    assert found["text"] == text
    assert {name: found[name]["value"] for name in ("low", "high") if name in found} == bounds


@pytest.mark.parametrize(
    ("flag", "system", "code"),
    [
        ("HH", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "HH"),
        ("<", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "<"),
        ("XQ", "http://terminology.hl7.org/CodeSystem/v2-0078", "XQ"),
    ],
)
def test_an_interpretation_has_the_code_system_that_knows_it(flag: str, system: str, code: str) -> None:
    [concept] = observed("NM", "1", flag=flag)["interpretation"]
    assert (concept["coding"][0]["system"], concept["coding"][0]["code"]) == (system, code)


@pytest.mark.parametrize(
    ("sent", "status"),
    [("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("W", "entered-in-error"), ("?", "unknown")],
)
def test_a_result_status_is_mapped(sent: str, status: str) -> None:
    assert observed("NM", "1", status=sent)["status"] == status


def test_a_value_that_was_not_asked_for_says_why_it_is_absent() -> None:
    assert observed("NM", "", status="N")["dataAbsentReason"]["coding"][0]["code"] == "not-asked"


def test_an_observation_without_a_time_was_made_when_the_order_was() -> None:
    assert observed("NM", "1")["effectiveDateTime"] == "2026-01-01T08:00:00+01:00"


def test_a_time_without_an_offset_is_in_the_zone_that_was_given() -> None:
    raw = lines(PATIENT, ORDER, "OBX|1|TS|1^x^L||202607011200||||||F")
    found = from_hl7(parse(raw), ZoneInfo("Europe/Berlin"))
    assert only(found, "Observation")["valueDateTime"] == "2026-07-01T12:00:00+02:00"


def test_a_report_holds_the_order_together() -> None:
    found = mapped("OBX|1|NM|2823-3^K^LN||4.2||||||F", "SPM|1|S1&LAB^S2&LAB||SER^Serum^HL70487|||||||||||||20260101")
    report, request = only(found, "DiagnosticReport"), only(found, "ServiceRequest")
    specimen, observation = only(found, "Specimen"), only(found, "Observation")
    assert report["result"] == [{"reference": f"Observation/{observation['id']}"}]
    assert report["basedOn"] == observation["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert report["specimen"] == [observation["specimen"]] == [{"reference": f"Specimen/{specimen['id']}"}]
    assert report["subject"] == observation["subject"] == {"reference": f"Patient/{only(found, 'Patient')['id']}"}
    assert (report["status"], report["issued"]) == ("final", "2026-01-01T09:00:00+01:00")
    assert [each["type"]["coding"][0]["code"] for each in report["identifier"]] == ["PLAC", "FILL"]
    assert specimen["collection"]["collectedDateTime"] == "2026-01-01"
    assert request["status"] == "completed"


def test_an_order_without_results_is_a_report_without_them() -> None:
    report = only(mapped(), "DiagnosticReport")
    assert "result" not in report


def test_observations_that_no_order_asks_for_stand_alone() -> None:
    found = from_hl7(parse(lines(PATIENT, "OBX|1|NM|2823-3^K^LN||4.2||||||F")))
    assert [each["resourceType"] for each in found.resources] == ["Patient", "Observation"]


def test_observations_of_a_specimen_are_not_lost() -> None:
    found = mapped("OBX|1|NM|1^x^L||1||||||F", "SPM|1|S1&LAB||SER", "OBX|1|NM|2^volume^L||5.0|mL^mL^UCUM|||||F")
    codes = {each["code"]["text"] for each in found.resources if each["resourceType"] == "Observation"}
    assert codes == {"x", "volume"}


def test_equal_codes_in_one_order_are_different_observations() -> None:
    found = mapped("OBX|1|NM|1^x^L||1||||||F", "OBX|2|NM|1^x^L||2||||||F", "OBX|3|NM|1^x^L|b|3||||||F")
    ids = {each["id"] for each in found.resources if each["resourceType"] == "Observation"}
    assert len(ids) == 3


def test_the_same_message_gives_the_same_ids_and_another_sender_others() -> None:
    first, again = (from_hl7(parse(sample("oru_r01_normal"))) for _ in range(2))
    assert first == again
    without_authority = [
        lines(PATIENT).replace(b"^^^HOSP", b""),
        lines(PATIENT).replace(b"^^^HOSP", b"").replace(b"LIS", b"RIS"),
    ]
    one, other = (from_hl7(parse(raw)).resources[0]["id"] for raw in without_authority)
    assert one != other


def test_a_message_type_without_a_mapping_says_which_have_one() -> None:
    with pytest.raises(NotMapped, match=r"of BAR.*ADT.*ORU.*VXU"):
        from_hl7(parse(lines(PATIENT).replace(b"ORU^R01^ORU_R01", b"BAR^P01")))
