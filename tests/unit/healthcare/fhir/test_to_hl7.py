"""FHIR R4 → HL7 v2: what goes there and back again is the same."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.fhir.errors import FhirError, InvalidResource, NotMapped
from penstock_healthcare.fhir.from_hl7 import from_hl7
from penstock_healthcare.fhir.to_hl7 import Profile, to_hl7
from penstock_healthcare.hl7 import HL7Error, Message, check, parse
from tests.unit.healthcare.samples import lines, sample

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
APPOINTMENT = lines(
    "SCH|P1^EHR|F1^SCHED||||Add|CHECKUP^Check-up^HL70276|Normal|30|min||||||D2^Front^Desk||||D3^Clerk^Cleo|||||Booked",
    "TQ1|1||||||20260301090000+0100|20260301093000+0100",
    "NTE|1||Bring the old films",
    "PID|1||P1^^^HOSP&1.2.3&ISO^MR||Doe^Jane||19700101|F",
    "RGS|1",
    "AIS|1|A|1^Colonoscopy^L|20260301090000+0100|||30|min",
    "AIL|1|A|ROOM^7^^HOSP|||20260301090000+0100|||30|min||Booked",
    "AIP|1|A|D1^House^Greg^^^^MD^^HOSP&1.2.3&ISO|1^Surgeon^L||20260301090000+0100|||30|min||Booked",
).replace(b"ORU^R01^ORU_R01", b"SIU^S12^SIU_S12")
MESSAGES = {
    "ADT_A01": sample("adt_a01_admission"),
    "ORU_R01": sample("oru_r01_microbiology"),
    "SIU_S12": APPOINTMENT,
}
KEPT = {
    "ADT_A01": """
        PID-3[0] PID-5 PID-7 PID-8 PID-11[0].1 PID-16.1 PID-18 PD1-3.1 PD1-4.2 NK1-2 NK1-3.1 NK1[1]-7.1 PV1-2
        PV1-3.1 PV1-3.2 PV1-3.3 PV1-3.4 PV1-3.8 PV1-7.1 PV1-7.2 PV1-7.7 PV1-8.1 PV1-10 PV1-14 PV1-17.1 PV1-19 PV1-44 PV2-3 AL1-2.1 AL1-3 AL1-4.1 AL1-5[1] AL1-6
        DG1-3 DG1[1]-3 DG1-5 DG1-6 IN1-4.1 IN1-12 IN1-36
        """,
    "ORU_R01": """
        PID-3[0] PID-5 PV1-19 ORC-1 ORC-2 ORC-3 ORC-5 ORC-9 ORC-12.1 OBR-2 OBR-3 OBR-4 OBR-7 OBR-16.1 OBR-22 OBR-24
        OBR-25 OBX-2 OBX-3 OBX-5[0] OBX-5[1] OBX-8 OBX-11 OBX-14 OBX-23.1 OBX[1]-2 OBX[1]-5 OBX[1]-6 OBX[1]-7 OBX[2]-5
        OBX[3]-5 OBX[5]-5 SPM-2 SPM-4 SPM-8 SPM-17 SPM-18 OBR[1]-3 OBR[1]-4
        """,
    "SIU_S12": """
        SCH-1 SCH-2 SCH-7.1 SCH-8 SCH-9 SCH-16.1 SCH-20.2 SCH-25 NTE-3 PID-3 PID-5 AIS-3.1 AIS-4 AIS-7 AIL-3 AIL-6 AIL-9 AIL-12
        AIP-3.1 AIP-3.2 AIP-4.2 AIP-6 AIP-9 AIP-12
        """,
}
"""What must be the same in the message that comes back, by path."""
FIRST, LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01")


def written(resources: Any, kind: str, **profile: str) -> Message:
    return to_hl7(resources, kind, control_id="C9", timestamp=NOW, profile=Profile(**profile))


def there_and_back(kind: str) -> tuple[Message, Message]:
    sent = parse(MESSAGES[kind])
    parties = {"sending_application": sent.raw("MSH-3"), "sending_facility": sent.raw("MSH-4")}
    return sent, written(from_hl7(sent).bundle, kind, **parties)


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, paths in KEPT.items() for path in paths.split()], ids=str
)
def test_there_and_back_again_it_says_the_same(kind: str, path: str) -> None:
    sent, back = there_and_back(kind)
    assert sent.raw(path), "the sample says nothing there"
    assert back.raw(path) == sent.raw(path)


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_comes_back_means_the_same_resources(kind: str) -> None:
    """Again to FHIR: the same resources with the same ids."""
    sent, back = there_and_back(kind)
    names = [{(each["resourceType"], each["id"]) for each in from_hl7(each).resources} for each in (sent, back)]
    kinds = {
        "Patient",
        "Encounter",
        "ServiceRequest",
        "DiagnosticReport",
        "Condition",
        "AllergyIntolerance",
        "Specimen",
    }
    first, again = ({each for each in found if each[0] in kinds} for found in names)
    assert first == again


def test_notes_follow_what_they_are_about() -> None:
    _, back = there_and_back("ORU_R01")
    found = [(segment.id, segment.value(3)) for segment in back if segment.id in ("OBR", "OBX", "NTE")]
    assert [text for name, text in found[:6] if name == "NTE"] == [
        "Mid-stream specimen\\.br\\Received within two hours of collection",
        "Possible contamination by the second organism.",
    ]


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_is_written_holds_to_the_standard(kind: str) -> None:
    _, back = there_and_back(kind)
    assert [each for each in check(back) if each.severity == "error"] == []


def test_a_set_of_resources_is_as_good_as_a_bundle() -> None:
    mapped = from_hl7(parse(MESSAGES["ADT_A01"]))
    assert written(mapped.resources, "ADT^A01")["PID-3"] == "MRN4502217"


def test_a_profile_says_who_sends_what_to_whom() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    found = written(patient, "ADT_A08", sending_application="EHR^1.2^ISO", receiving_facility="LAB", version="2.4")
    assert (found["MSH-3"], found["MSH-3.2"], found["MSH-6"], found["MSH-12"]) == ("EHR", "1.2", "LAB", "2.4")
    assert (found["MSH-9.3"], found["MSH-10"], found["EVN-1"]) == ("ADT_A01", "C9", "A08")


def test_resources_that_never_were_a_message_can_become_one() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "urn:oid:1.2.3", "value": "42"}],
        "name": [{"family": "O'Neill|Smith", "given": ["Ann", "Bo"]}],
        "birthDate": "1970-01",
        "gender": "other",
        "telecom": [{"system": "email", "value": "a@example.org"}, {"system": "phone", "value": "1", "use": "work"}],
    }
    pressure = {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {
                    "value": value,
                    "unit": "mmHg",
                    "system": "http://unitsofmeasure.org",
                    "code": "mm[Hg]",
                },
            }
            for code, value in (("8480-6", "120"), ("8462-4", "80.0"))
        ],
    }
    found = written([patient, pressure], "ORU_R01")
    assert found["PID-5.1"] == "O'Neill|Smith"
    assert found.raw("PID-5") == "O'Neill\\F\\Smith^Ann^Bo"
    assert (found["PID-3.4.2"], found["PID-7"], found["PID-8"]) == ("1.2.3", "197001", "O")
    assert (found["PID-13.4"], found["PID-14"]) == ("a@example.org", "1")
    assert [found[f"OBX[{place}]-5"] for place in range(3)] == ["", "120", "80.0"]
    assert found.raw("OBX[2]-6") == "mm[Hg]^mmHg^UCUM"


@pytest.mark.parametrize("kind", ["MDM_T02", "ADT", "XYZ_A01"])
def test_a_type_that_is_not_written_says_which_are(kind: str) -> None:
    with pytest.raises(NotMapped, match="ADT_"):
        written({"resourceType": "Patient", "id": "p"}, kind)


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ({"resourceType": "Patient", "name": {"family": "Doe"}}, r"Patient\.name: must be a list"),
        ({"resourceType": "Patient", "birthDate": 1970}, r"Patient\.birthDate: must be a date"),
        ({"resourceType": "Patient", "contact": ["x"]}, r"Patient\.contact\[0\]: must be an object"),
        ({"resourceType": "Nobody"}, "resourceType"),
        ({"resourceType": "Bundle", "entry": {}}, "entry: must be a list"),
    ],
)
def test_what_is_no_resource_is_refused_by_its_place(resource: Any, path: str) -> None:
    with pytest.raises(InvalidResource, match=path):
        written(resource, "ADT_A01")


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters='"'), min_size=1, max_size=12
)
PEOPLE = st.fixed_dictionaries(
    {
        "identifier": WORDS,
        "family": WORDS,
        "given": WORDS,
        "born": st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8)),
        "sex": st.sampled_from("MFOAU"),
        "status": st.sampled_from("MSDWCGP"),
        "value": st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda each: format(each, "f")),
        "flag": st.sampled_from(["H", "LL", "N", "XQ"]),
        "at": st.datetimes(FIRST, LAST).map(lambda each: f"{each:%Y%m%d%H%M%S}+0000"),
    }
)
PLACES = {
    "identifier": "PID-3.1",
    "family": "PID-5.1",
    "given": "PID-5.2",
    "born": "PID-7",
    "sex": "PID-8",
    "status": "PID-16",
    "value": "OBX-5",
    "flag": "OBX-8",
    "at": "OBX-14",
}


@settings(max_examples=150, deadline=None)
@given(PEOPLE)
def test_whatever_is_said_of_whomever_comes_back(person: dict[str, str]) -> None:
    message = parse(lines("PID|1|", "OBR|1||F1|1^x^L", "OBX|1|NM|2823-3^K^LN||||||||F"))
    for name, path in PLACES.items():
        message.set(path, person[name])
    back = written(from_hl7(message).bundle, "ORU_R01")
    assert {name: back[path] for name, path in PLACES.items()} == person


BUNDLES = {kind: from_hl7(parse(raw)).bundle for kind, raw in MESSAGES.items()}
DAMAGE: list[Any] = [None, "", 0, True, [], {}, "x", [{}], {"a": 1}, ["y"], [None]]


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        found.append((value, key))
        places(value[key], found)
    return found


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(BUNDLES)), st.sampled_from(sorted(BUNDLES)), st.data())
def test_however_a_bundle_is_damaged_it_is_written_or_refused(source: str, kind: str, data: st.DataObject) -> None:
    bundle = copy.deepcopy(BUNDLES[source])
    for _ in range(data.draw(st.integers(1, 4))):
        everywhere = places(bundle["entry"], [])
        around, key = everywhere[data.draw(st.integers(0, len(everywhere) - 1))]
        around[key] = copy.deepcopy(data.draw(st.sampled_from(DAMAGE)))
    try:
        assert written(bundle, kind).type == kind.replace("_", "^")
    except (FhirError, HL7Error):
        return
