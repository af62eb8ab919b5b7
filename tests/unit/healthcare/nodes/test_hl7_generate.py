"""healthcare.hl7.generate, in workflows that the engine runs."""

import base64
import json
from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.hl7 import Message, check, parse
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run
from tests.unit.healthcare.samples import encoded, sample

PATIENT = {
    "identifiers": [{"number": "123", "authority": "HOSP"}],
    "name": {"family": "Okafor", "given": "Ada"},
    "born": "1970-01-02",
    "sex": "F",
}
VISIT = {"patient_class": "I", "location": {"point_of_care": "W1"}, "admitted_at": "2026-11-24T07:30:00Z"}
CODE = {"identifier": "2823-3", "text": "Potassium", "system": "LN"}
RESULT = {
    "service": CODE,
    "filler_number": {"number": "F1", "namespace": "LAB"},
    "observed_at": "2026-11-24T07:00:00Z",
    "result_status": "F",
    "observations": [
        {"code": CODE, "value": {"number": "6.90"}, "units": {"identifier": "mmol/L"}, "flags": ["HH"]},
        {"code": CODE, "value": {"date": "2026-11-01"}},
        {"code": CODE, "value": {"time": "2026-11-24T07:00:00Z"}},
        {"code": CODE, "value": {"identifier": "112283007", "text": "E. coli", "system": "SCT"}},
        {"code": CODE, "value": 7},
        {"code": CODE, "value": "one|two\nthree"},
    ],
}
ORDER = {"service": CODE, "placer_number": {"number": "P1"}, "ordered_at": "2026-11-24T07:00:00Z"}
DOCUMENT = {
    "type": "DS",
    "number": {"number": "D1", "namespace": "EHR"},
    "content": [{"code": {"identifier": "18842-5", "text": "Summary", "system": "LN"}, "value": "Well."}],
}
APPOINTMENT = {
    "reason": {"identifier": "CHECKUP", "text": "Check-up"},
    "placer_number": {"number": "1", "namespace": "EHR"},
    "filler_number": {"number": "2", "namespace": "EHR"},
    "starts_at": "2026-12-01T09:00:00Z",
    "ends_at": "2026-12-01T09:30:00Z",
    "duration": 30,
    "contact": {"number": "77", "family": "Lind"},
    "entered_by": {"number": "78", "family": "Reyes"},
    "resources": [
        {"what": {"number": "77", "family": "Lind"}, "role": {"identifier": "ATT"}},
        {"what": {"point_of_care": "W1"}, "role": {"identifier": "EXAM"}},
        {"what": CODE},
    ],
}
GIVEN: dict[str, dict[str, Any]] = {
    "ADT^A01": {
        "patient": PATIENT,
        "visit": VISIT,
        "allergies": [{"substance": {"identifier": "PCN", "text": "Penicillin"}, "type": "DA"}],
        "contacts": [{"name": {"family": "Okafor"}, "relationship": {"identifier": "SPO", "system": "HL70063"}}],
    },
    "ADT^A40": {"patient": PATIENT, "merged": {"number": "99", "authority": "HOSP"}},
    "MDM^T02": {"patient": PATIENT, "visit": VISIT, "document": DOCUMENT},
    "SIU^S12": {"patient": PATIENT, "appointment": APPOINTMENT},
    "ORM^O01": {"patient": PATIENT, "orders": [ORDER], "visit": VISIT},
    "OMG^O19": {"patient": PATIENT, "orders": [ORDER]},
    "OML^O21": {"patient": PATIENT, "orders": [ORDER]},
    "ORU^R01": {"patient": PATIENT, "orders": [RESULT]},
}


def generated(message_type: str, **parameters: Any) -> Message:
    [item] = run("hl7.generate", {"id": 7}, message_type=message_type, **parameters)["main"]
    message = parse(base64.b64decode(item["raw"]))
    assert (item["id"], item["message_type"]) == (7, message.type)
    assert item["control_id"] == message.control_id
    return message


@pytest.mark.parametrize("message_type", GIVEN)
@pytest.mark.parametrize("version", ["2.3.1", "2.5.1"])
def test_each_type_is_built_and_valid_in_its_version(message_type: str, version: str) -> None:
    if version == "2.3.1" and message_type in ("OMG^O19", "OML^O21"):
        version = "2.4"
    message = generated(message_type, version=version, sending_application="EHR", **GIVEN[message_type])
    assert message.type == message_type
    assert message.value("MSH-3.1") == "EHR"
    assert message.value("PID-5.1") == "Okafor"
    assert [each for each in check(message) if each.severity != "information"] == []


def test_values_keep_their_type_and_digits() -> None:
    message = generated("ORU^R01", **GIVEN["ORU^R01"])
    found = [(message.raw(f"OBX[{at}]-2"), message.raw(f"OBX[{at}]-5")) for at in range(6)]
    assert found == [
        ("NM", "6.90"),
        ("DT", "20261101"),
        ("TS", "20261124070000+0000"),
        ("CE", "112283007^E. coli^SCT"),
        ("NM", "7"),
        ("FT", r"one\F\two\.br\three"),
    ]


@pytest.mark.parametrize("name", ["oru_r01_normal", "adt_a01_latin1"])
def test_a_message_is_acknowledged_to_its_sender(name: str) -> None:
    raw = sample(name)
    fault = {"code": "101", "message": "no identifier", "location": "PID-3"}
    [item] = run(
        "hl7.generate",
        {"raw": encoded(raw)},
        message_type="ACK",
        acknowledgment={"code": "AE", "errors": [fault]},
    )["main"]
    ack, sent = parse(base64.b64decode(item["raw"])), parse(raw)
    assert (ack.value("MSA-1"), ack.value("MSA-2")) == ("AE", sent.control_id)
    assert (ack.raw("MSH-5"), ack.value("ERR-3.1")) == (sent.raw("MSH-3"), "101")


ACK = {"message_type": "ACK", "acknowledgment": {"code": "AA"}}


@pytest.mark.parametrize(
    ("parameters", "kind", "reason"),
    [
        ({"message_type": "ADT^A01"}, "InvalidParameters", "patient: is needed for ADT^A01"),
        ({"message_type": "ADT^A99", "patient": PATIENT}, "InvalidParameters", "ADT has no event A99"),
        ({"message_type": "ZZZ^A01"}, "InvalidParameters", "message_type"),
        (
            {"message_type": "ORU^R01", "patient": PATIENT, "orders": [RESULT], "contacts": [{}]},
            "InvalidParameters",
            "contacts.0.name",
        ),
        (
            {"message_type": "ORU^R01", "patient": PATIENT, "orders": [RESULT], "occurred_at": "2026-11-24T07:00:00Z"},
            "InvalidParameters",
            "occurred_at: does not belong to ORU^R01",
        ),
        (
            {"message_type": "ADT^A01", "patient": {**PATIENT, "colour": "Okafor"}},
            "InvalidParameters",
            "patient.colour",
        ),
        ({"message_type": "ADT^A01", "patient": {**PATIENT, "born": "Okafor"}}, "InvalidParameters", "patient.born"),
        (
            {
                "message_type": "ORU^R01",
                "patient": PATIENT,
                "orders": [{"service": CODE, "observations": [{"code": CODE, "value": {"number": "Okafor"}}]}],
            },
            "InvalidParameters",
            "value.number must be a decimal number",
        ),
        (
            {
                "message_type": "SIU^S12",
                "patient": PATIENT,
                "appointment": {**APPOINTMENT, "resources": [{"what": CODE, "kind": "OBX"}]},
            },
            "InvalidParameters",
            "kind must be AIS",
        ),
        (
            {"message_type": "ACK", "acknowledgment": {"code": "AE", "errors": [{"code": "7", "message": "x"}]}},
            "InvalidParameters",
            "code must be one of 100",
        ),
        (ACK, "NoMessage", "item 0: the item has no text in 'raw'"),
        ({"message_type": "ADT^A40", "patient": PATIENT}, "Invalid", "MRG"),
        (
            {"message_type": "ORU^R01", "patient": {**PATIENT, "identifiers": []}, "orders": [RESULT]},
            "Invalid",
            "PID-3",
        ),
        (
            {
                "message_type": "ACK",
                "message": sample("oru_r01_normal").decode(),
                "acknowledgment": {"code": "AE", "errors": [{"code": "101", "message": "x", "location": "Okafor!"}]},
            },
            "InvalidParameters",
            "location must be a path",
        ),
    ],
)
def test_what_does_not_fit_fails_with_the_field_and_no_value(
    parameters: dict[str, Any], kind: str, reason: str
) -> None:
    expressions = {name: f"{{{{ $json.given.{name} }}}}" for name in parameters}
    execution = execute("hl7.generate", {"given": parameters}, **expressions)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == kind
    assert reason in execution.error["message"]
    assert "Okafor" not in json.dumps(execution.error)
