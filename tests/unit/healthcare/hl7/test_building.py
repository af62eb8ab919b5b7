"""Messages from typed values: each is valid in its version."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.hl7 import Invalid, Message, check, observations, parse, parse_batch
from penstock_healthcare.hl7.building import (
    ADT_EVENTS,
    MDM_EVENTS,
    SIU_EVENTS,
    Address,
    Allergy,
    Appointment,
    Code,
    Contact,
    Diagnosis,
    Document,
    Entity,
    Header,
    Identifier,
    Insurance,
    Location,
    Name,
    Observation,
    Order,
    Patient,
    Phone,
    Provider,
    Resource,
    Specimen,
    Visit,
    adt,
    build_batch,
    mdm,
    omg,
    oml,
    orm,
    oru,
    siu,
)

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.2", "2.9")
DOCTOR = Provider("77", "Okafor", "Ada", "Dr", "HOSP")
PATIENT = Patient(
    [Identifier("123", "HOSP"), Identifier("A-1", "HOSP", "SS")],
    Name("Müller", "Jane", "Q"),
    date(1970, 1, 2),
    "F",
    [Address("1 Mill Lane", "Leeds", "", "LS1 1AA", "GBR")],
    [Phone("555-1234")],
    Code("2106-3", "White", "HL70005"),
    Code("M", "Married", "HL70002"),
    account=Identifier("V-9", "HOSP", "AN"),
)
VISIT = Visit(
    "I", Location("W1", "2", "3", "HOSP"), None, DOCTOR, number=Identifier("V1", "HOSP", "VN"), admitted_at=NOW
)
POTASSIUM = Code("2823-3", "Potassium", "LN")
RESULT = Order(
    POTASSIUM,
    Entity("P1", "EHR"),
    Entity("F1", "LAB"),
    ordered_at=NOW,
    observed_at=NOW,
    provider=DOCTOR,
    result_status="F",
    reported_at=NOW,
    notes=["hemolysed"],
    observations=[
        Observation(POTASSIUM, Decimal("6.90"), Code("mmol/L"), "3.5-5.1", ["HH"], observed_at=NOW, notes=["a\nb"]),
        Observation(Code("x", "Comment", "L"), "one|two\nthree"),
        Observation(Code("y", "Organism", "L"), Code("112283007", "E. coli", "SCT")),
        Observation(Code("z", "Seen", "L"), NOW),
    ],
)
ORDER = Order(POTASSIUM, Entity("P1", "EHR"), ordered_at=NOW, diagnoses=[Diagnosis(Code("I10", "Hypertension", "I10"))])
VISIT_TO_COME = Appointment(
    Code("CHECKUP", "Check-up"),
    Entity("1", "EHR"),
    Entity("2", "EHR"),
    Code("NORMAL", "Routine"),
    NOW,
    NOW,
    30,
    DOCTOR,
    DOCTOR,
    Code("Booked"),
    [
        Resource(DOCTOR, role=Code("ATT", "Attending")),
        Resource(Code("S1", "Visit"), starts_at=NOW),
        Resource(Location("W1"), role=Code("C", "Clinic")),
    ],
)


def header(version: str = "2.5.1", **values: str) -> Header:
    return Header(
        sending_application="EHR",
        sending_facility="HOSP",
        receiving_application="LAB",
        control_id="1",
        timestamp=NOW,
        version=version,
        **values,
    )


def assert_valid(message: Message) -> None:
    raw = bytes(message)
    again = parse(raw)
    assert bytes(again) == raw
    assert {each.severity for each in check(again)} <= {"information"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("event", sorted(ADT_EVENTS))
def test_every_event_of_adt_can_be_built_in_every_version(event: str, version: str) -> None:
    merged = Identifier("124", "HOSP") if event in ("A40", "A41", "A42") else None
    assert_valid(adt(event, header(version), PATIENT, VISIT, merged=merged))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_admission_can_tell_all_there_is(version: str) -> None:
    message = adt(
        "A01",
        header(version),
        PATIENT,
        VISIT,
        contacts=[
            Contact(Name("Doe", "Jo"), Code("SPO", "Spouse", "HL70063"), PATIENT.addresses[0], PATIENT.phones[0])
        ],
        observations=[Observation(Code("8302-2", "Height", "LN"), 170, Code("cm"))],
        allergies=[Allergy(Code("70618", "Penicillin", "RXNORM"), "DA", "SV", ["hives"])],
        diagnoses=[Diagnosis(Code("I10", "Hypertension", "I10"))],
        insurances=[Insurance(Code("P1", "Plan"), Identifier("C1", "HOSP", "NIIP"), "Acme", "POL1")],
        extra=["ZPI|1|local"],
    )
    assert_valid(message)
    assert [segment.id for segment in message] == [
        "MSH",
        "EVN",
        "PID",
        "NK1",
        "PV1",
        "OBX",
        "AL1",
        "DG1",
        "IN1",
        "ZPI",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_results_can_be_built_in_every_version(version: str) -> None:
    message = oru(header(version), PATIENT, [RESULT, RESULT], VISIT)
    assert_valid(message)
    first, second = observations(message)
    assert [len(each.observations) for each in (first, second)] == [4, 4]


def test_values_say_their_type_in_the_words_of_the_version() -> None:
    assert [each.value(2) for each in oru(header("2.5.1"), PATIENT, [RESULT]).segments("OBX")] == [
        "NM",
        "FT",
        "CE",
        "TS",
    ]
    assert [each.value(2) for each in oru(header("2.7"), PATIENT, [RESULT]).segments("OBX")] == [
        "NM",
        "FT",
        "CWE",
        "DTM",
    ]


def test_numbers_keep_their_digits_and_texts_their_lines() -> None:
    message = oru(header(), PATIENT, [RESULT])
    assert message["OBX-5"] == "6.90"
    assert message["OBX[1]-5"] == "one|two\\.br\\three"
    assert message["PID-5.1"] == "Müller"
    assert message["MSH-18"] == "UNICODE UTF-8"


@pytest.mark.parametrize(
    ("build", "versions"),
    [(orm, VERSIONS[:6]), (omg, VERSIONS[2:]), (oml, VERSIONS[2:])],
)
def test_orders_can_be_built_where_the_version_has_them(
    build: Callable[[Header, Patient, list[Order], Visit], Message], versions: tuple[str, ...]
) -> None:
    for version in versions:
        assert_valid(build(header(version), PATIENT, [ORDER, ORDER], VISIT))


def test_specimens_belong_to_orders_and_results() -> None:
    specimen = Specimen(Code("BLD", "Blood", "HL70487"), Entity("S1", "LAB"), NOW)
    assert_valid(oml(header(), PATIENT, [replace(ORDER, specimens=[specimen])]))
    assert_valid(oru(header(), PATIENT, [replace(RESULT, specimens=[specimen])]))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("event", sorted(MDM_EVENTS))
def test_every_event_of_mdm_can_be_built(event: str, version: str) -> None:
    has_content = event in ("T02", "T04", "T06", "T08", "T10")
    content = [Observation(Code("18842-5", "Discharge summary", "LN"), "Well.")] if has_content else []
    document = Document("DS", Entity("D1", "EHR"), activity_at=NOW, originator=DOCTOR, content=content)
    assert_valid(mdm(event, header(version), PATIENT, VISIT, document))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("event", sorted(SIU_EVENTS))
def test_every_event_of_siu_can_be_built(event: str, version: str) -> None:
    assert_valid(siu(event, header(version), VISIT_TO_COME, PATIENT, VISIT))


def test_what_the_standard_does_not_allow_cannot_be_built() -> None:
    with pytest.raises(Invalid) as caught:
        adt("A01", header(), replace(PATIENT, identifiers=[]))
    assert {(each.path, each.rule) for each in caught.value.findings} == {
        ("PID-3", "required"),
        ("PV1", "segment-required"),
    }
    assert "Müller" not in str(caught.value)


def test_a_batch_holds_its_messages_and_counts_them() -> None:
    messages = [adt("A01", header(), PATIENT, VISIT), oru(header(), PATIENT, [RESULT])]
    raw = build_batch(header(), messages, comment="night run")
    batch = parse_batch(raw)
    assert bytes(batch) == raw
    assert [envelope.id for envelope in batch.envelopes] == ["FHS", "BHS", "BTS", "FTS"]
    assert [bytes(message) for message in batch.messages] == [bytes(message) for message in messages]
    assert b"BTS|2\rFTS|1\r" in raw


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=50)
@given(family=words, given_name=words, note=words, value=words)
def test_any_text_can_be_told_and_read_again(family: str, given_name: str, note: str, value: str) -> None:
    patient = Patient([Identifier("1", "H")], Name(family, given_name))
    order = replace(RESULT, notes=[note], observations=[Observation(POTASSIUM, value)])
    message = parse(bytes(oru(header(charset="UNICODE UTF-8"), patient, [order])))
    assert (message["PID-5.1"], message["PID-5.2"]) == (family, given_name)
    lines = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\.br\\")
    assert message["OBX-5"] == lines
