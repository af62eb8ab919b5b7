"""Messages of every kind that has a map → their resources and their transaction."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from penstock_healthcare.fhir.from_hl7 import Mapped, from_hl7
from penstock_healthcare.hl7 import parse
from tests.unit.healthcare.samples import lines, sample

PATIENT = "PID|1||P1^^^HOSP&1.2.3&ISO^MR||Doe^Jane||19700101|F"


def segment(name: str, **fields: str) -> str:
    """`segment("PV1", f2="I")`: fields by number."""
    numbered = {int(number[1:]): text for number, text in fields.items()}
    return "|".join([name, *(numbered.get(number, "") for number in range(1, max(numbered) + 1))])


VISIT = segment("PV1", f1="1", f2="I", f3="ICU^3^1^HOSP", f19="V1^^^HOSP&1.2.4&ISO")


def mapped(kind: str, *segments: str) -> Mapped:
    return from_hl7(parse(lines(*segments).replace(b"ORU^R01^ORU_R01", kind.encode())))


def only(found: Mapped, kind: str) -> dict[str, Any]:
    [resource] = [each for each in found.resources if each["resourceType"] == kind]
    return resource


def entries(found: Mapped, kind: str) -> list[dict[str, Any]]:
    return [each for each in found.bundle["entry"] if each["resource"]["resourceType"] == kind]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_an_order_is_a_request_with_its_specimen_and_what_supports_it() -> None:
    found = mapped(
        "OML^O21",
        PATIENT,
        "ORC|NW|O1^EHR|||||||20260101080000+0100|||D1^House^Greg",
        "TQ1|1||||||||S",
        "OBR|1|O1^EHR||24326-1^Lytes^LN",
        "NTE|1||fasting",
        "DG1|1||E10.9^Diabetes^I10",
        "OBX|1|ST|x^Diet^L||none||||||F",
        "SPM|1|S1||SER^Serum^HL70487",
    )
    request = only(found, "ServiceRequest")
    assert (request["status"], request["intent"], request["priority"]) == ("active", "order", "stat")
    assert request["note"] == [{"text": "fasting"}]
    assert request["authoredOn"] == "2026-01-01T08:00:00+01:00"
    assert request["requester"]["display"] == "Greg House"
    for element, kind in (
        ("specimen", "Specimen"),
        ("reasonReference", "Condition"),
        ("supportingInfo", "Observation"),
    ):
        assert request[element] == [{"reference": f"{kind}/{only(found, kind)['id']}"}]


def test_a_pharmacy_order_is_a_prescription() -> None:
    found = mapped(
        "RDE^O11",
        PATIENT,
        "ORC|NW|R1^EHR|F1^PHARM",
        "RXE||00047040230^Ampicillin 250 mg^NDC|250||mg||^1 tablet daily|G||10|caps|2|D1^Warn^Jane",
        segment("TQ1", f3="TID", f7="20260101080000+0100", f9="R"),
        "RXR|PO^Oral^HL70162",
    )
    prescription = only(found, "MedicationRequest")
    dosage = prescription["dosageInstruction"][0]
    assert prescription["medicationCodeableConcept"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/ndc"
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": "250", "unit": "mg"}}]
    assert (dosage["text"], dosage["route"]["coding"][1]["code"]) == ("1 tablet daily", "PO")
    assert prescription["dispenseRequest"]["numberOfRepeatsAllowed"] == 2
    assert (prescription["status"], prescription["priority"]) == ("active", "routine")


def test_a_pharmacy_order_in_an_orm_is_no_service_request() -> None:
    found = mapped("ORM^O01", PATIENT, "ORC|NW|R1^EHR", "RXO|1^Ampicillin^L|250||mg")
    assert only(found, "MedicationRequest")["intent"] == "order"
    assert not [each for each in found.resources if each["resourceType"] == "ServiceRequest"]


def test_a_document_has_its_text_its_authors_and_its_visit() -> None:
    found = mapped(
        "MDM^T02",
        PATIENT,
        VISIT,
        segment("TXA", f2="DS^Summary", f6="20260102101112+0100", f9="A1^Author^Ann", f12="D1^SYS", f17="LA", f19="AV"),
        "OBX|1|TX|^Summary||Line one~Line two||||||F",
    )
    document = only(found, "DocumentReference")
    assert (document["status"], document["docStatus"]) == ("current", "final")
    assert document["content"][0]["attachment"]["data"] == "TGluZSBvbmUKTGluZSB0d28="
    assert document["author"][0]["display"] == "Ann Author"
    assert document["masterIdentifier"]["value"] == "D1"
    [entry] = entries(found, "Encounter")
    [within] = entries(found, "DocumentReference")
    assert within["resource"]["context"]["encounter"][0]["reference"] == entry["fullUrl"]


def test_a_document_that_was_not_sent_is_still_a_document() -> None:
    found = only(mapped("MDM^T01", PATIENT, "TXA|1|DS||||||||||D1"), "DocumentReference")
    assert found["content"][0]["attachment"]["extension"][0]["valueCode"] == "unknown"


def appointment(*more: str, event: str = "S12", sch: str = "SCH|P1|F1||||Add|CHECKUP|Normal|30|min|") -> dict[str, Any]:
    return only(mapped(f"SIU^{event}", sch, *more), "Appointment")


def test_an_appointment_has_its_time_its_place_and_its_people() -> None:
    found = appointment(
        "TQ1|1||||||20260301090000+0100",
        PATIENT,
        "RGS|1",
        "AIS|1|A|1^Colonoscopy^L|20260301090000+0100",
        "AIL|1||ROOM^7",
        "AIP|1||D1^House^Greg|1^Surgeon^L|||||||Booked",
    )
    assert (found["status"], found["minutesDuration"]) == ("booked", 30)
    assert (found["start"], found["end"]) == ("2026-03-01T09:00:00+01:00", "2026-03-01T09:30:00+01:00")
    assert found["serviceType"][0]["text"] == "Colonoscopy"
    patient, place, person = found["participant"]
    assert patient["actor"]["reference"].startswith("Patient/")
    assert (place["actor"]["display"], person["actor"]["display"]) == ("ROOM 7", "Greg House")
    assert {each["status"] for each in found["participant"]} == {"accepted"}


@pytest.mark.parametrize(
    ("event", "status"),
    [("S12", "proposed"), ("S15", "cancelled"), ("S17", "proposed"), ("S26", "proposed")],
)
def test_an_appointment_without_a_time_is_only_what_r4_lets_it_be(event: str, status: str) -> None:
    assert appointment(event=event)["status"] == status


def test_a_status_that_no_map_has_is_kept_as_it_was_sent() -> None:
    found = mapped("SIU^S12", "SCH|P1|F1" + "|" * 23 + "Dreaming")
    kept = only(found, "Appointment")["_status"]["extension"][0]["valueCodeableConcept"]["coding"][0]
    assert kept == {"system": "http://terminology.hl7.org/CodeSystem/v2-0278", "code": "Dreaming"}
    assert ("SCH-25", "code-unknown") in [(each["path"], each["rule"]) for each in found.problems]


def test_a_vaccination_has_vaccine_lot_and_giver() -> None:
    found = mapped(
        "VXU^V04",
        PATIENT,
        "ORC|RE||65930^DCS",
        "RXA|0|1|20260101||08^HEPB^CVX|0.5|mL^^UCUM||00^New^NIP001|N1^Nurse^Nan|||||L77||MSD^Merck^MVX|||CP|A",
        "RXR|IM^Intramuscular^HL70162|LA^Left arm^HL70163",
        "OBX|1|CE|64994-7^Eligibility^LN|1|V02^Medicaid^HL70064||||||F",
    )
    given = only(found, "Immunization")
    assert (given["status"], given["lotNumber"], given["occurrenceDateTime"]) == ("completed", "L77", "2026-01-01")
    assert given["vaccineCode"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/cvx"
    assert given["performer"][0]["actor"]["display"] == "Nan Nurse"
    assert only(found, "Observation")["partOf"] == [{"reference": f"Immunization/{given['id']}"}]


def test_a_charge_has_its_price_and_its_visit() -> None:
    found = mapped("DFT^P03", PATIENT, VISIT, "FT1|1|12345||20260101||CG|71045^X-ray^C4|||2|100.00&USD")
    charge = only(found, "ChargeItem")
    assert charge["priceOverride"] == {"value": "100.00", "currency": "USD"}
    assert (charge["status"], charge["quantity"]) == ("billable", {"value": "2"})
    assert charge["context"]["identifier"]["value"] == "V1"


def test_a_merge_says_whom_the_patient_replaces() -> None:
    [link] = only(mapped("ADT^A40", PATIENT, "MRG|P0^^^HOSP&1.2.3&ISO^MR"), "Patient")["link"]
    assert (link["type"], link["other"]["identifier"]["value"]) == ("replaces", "P0")


def test_a_code_has_its_own_system_beside_the_one_it_was_mapped_to() -> None:
    found = only(mapped("ADT^A01", PATIENT + "||||||||C"), "Patient")["maritalStatus"]["coding"]
    assert found == [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "C"},
        {"system": "http://terminology.hl7.org/CodeSystem/v2-0002", "code": "C"},
    ]


def test_a_code_that_another_one_stands_for_as_well_is_kept_beside_it() -> None:
    found = only(mapped("ADT^A01", PATIENT.removesuffix("F") + "A"), "Patient")
    assert found["gender"] == "other"
    assert found["_gender"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "A"


def test_every_reference_of_a_transaction_is_to_an_entry_of_it() -> None:
    for name in ("adt_a01_admission", "oru_r01_microbiology"):
        bundle = from_hl7(parse(sample(name))).bundle
        urls = {each["fullUrl"] for each in bundle["entry"]}
        assert set(references(bundle)) <= urls
        assert len(urls) == len(bundle["entry"])


def test_the_same_message_gives_the_same_transaction() -> None:
    first, again = (from_hl7(parse(sample("oru_r01_normal"))).bundle for _ in range(2))
    assert first == again
    assert {entry["request"]["method"] for entry in first["entry"]} == {"PUT", "POST"}


def test_what_a_result_only_mentions_is_created_where_it_is_not_known() -> None:
    found = mapped("ORU^R01", PATIENT, VISIT, "OBR|1|O1|F1|1^x^L", "OBX|1|NM|1^x^L||1||||||F")
    [visit] = entries(found, "Encounter")
    assert visit["request"]["ifNoneExist"] == "identifier=urn:oid:1.2.4|V1"
    [patient] = entries(found, "Patient")
    assert patient["request"] == {"method": "PUT", "url": f"Patient/{patient['resource']['id']}"}


def test_the_provenance_names_the_message_its_sender_and_its_time() -> None:
    found = mapped("ADT^A01", "EVN|A01|20260101075500+0100", PATIENT)
    [entry] = entries(found, "Provenance")
    provenance = entry["resource"]
    assert provenance["entity"][0]["what"]["identifier"] == {"value": "C1"}
    assert provenance["agent"][0]["who"]["display"] == "HOSP"
    assert (provenance["recorded"], provenance["activity"]["text"]) == ("2026-01-01T08:00:00+00:00", "ADT")
    [patient] = entries(found, "Patient")
    assert provenance["target"] == [{"reference": patient["fullUrl"]}]


def test_a_message_without_a_time_says_that_it_has_none() -> None:
    raw = lines(PATIENT).replace(b"20260101080000", b"")
    found = from_hl7(parse(raw), UTC)
    [entry] = entries(found, "Provenance")
    assert "timestamp" not in found.bundle
    assert entry["resource"]["_recorded"]["extension"][0]["valueCode"] == "unknown"


def test_what_has_no_map_is_listed_by_place_and_reason_and_not_quoted() -> None:
    found = mapped("ADT^A01", PATIENT + "||2106-3^White", "ZPI|secret", "PV2|||||private")
    told = {each["path"]: each["message"] for each in found.unmapped}
    assert told["PID-10"].startswith("race")
    assert told["ZPI"] == "no map of this message has a place for the segment"
    assert told["PV2"] == "it stands where the message has no place for it"
    assert not any(word in str(found.unmapped) for word in ("secret", "2106-3", "private"))


def test_a_sample_leaves_nothing_out_without_saying_so() -> None:
    message = parse(sample("adt_a01_admission"))
    found = from_hl7(message)
    told = {each["path"] for each in found.unmapped}
    assert {"GT1", "NK1[0]-1"} & told == {"GT1"}
    assert "PID-5" not in told


def test_two_patients_of_a_result_keep_their_own() -> None:
    found = mapped(
        "ORU^R01",
        PATIENT,
        "OBR|1|O1|F1|1^x^L",
        "OBX|1|NM|1^x^L||1||||||F",
        PATIENT.replace("P1", "P2"),
        "OBR|1|O2|F2|1^x^L",
        "OBX|1|NM|1^x^L||2||||||F",
    )
    patients = [each["id"] for each in found.resources if each["resourceType"] == "Patient"]
    subjects = [each["subject"]["reference"] for each in found.resources if each["resourceType"] == "Observation"]
    assert subjects == [f"Patient/{each}" for each in patients]


def test_a_vital_sign_is_what_r4_wants_it_to_be() -> None:
    found = only(mapped("ADT^A01", PATIENT, "OBX|1|NM|8867-4^Heart rate^LN||72|beats/min||||||F"), "Observation")
    assert found["category"][0]["coding"][0]["code"] == "vital-signs"
    assert found["valueQuantity"] == {
        "value": "72",
        "unit": "beats/min",
        "system": "http://unitsofmeasure.org",
        "code": "/min",
    }


def test_a_vital_sign_that_is_no_number_is_kept_as_a_note() -> None:
    found = only(mapped("ADT^A01", PATIENT, "OBX|1|ST|8867-4^Heart rate^LN||fast||||||F"), "Observation")
    assert found["note"] == [{"text": "fast"}]
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_a_period_that_ends_before_it_begins_keeps_its_beginning() -> None:
    visit = segment("PV1", f2="I", f19="V1", f44="20260102", f45="20260101")
    found = mapped("ADT^A03", PATIENT, visit)
    assert only(found, "Encounter")["period"] == {"start": "2026-01-02"}
    assert [each["rule"] for each in found.problems] == ["period"]
