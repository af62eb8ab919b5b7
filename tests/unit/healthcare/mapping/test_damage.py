"""However a message is damaged, what can be read is mapped and written, with its references resolved."""

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.from_hl7 import from_hl7
from penstock_healthcare.fhir.text import write
from penstock_healthcare.hl7 import HL7Error, parse
from tests.unit.healthcare.mapping.test_messages import PATIENT, VISIT, references, segment
from tests.unit.healthcare.samples import lines

KINDS = {
    "ADT^A01": (
        PATIENT,
        VISIT,
        "PV2|||R^x^L",
        "AL1|1|DA|1^x^L|SV|Hives",
        "DG1|1||I10^x^I10||20260101|A",
        "IN1|1|A^B|C",
    ),
    "OML^O21": (PATIENT, VISIT, "ORC|NW|O1^EHR", "TQ1|1|2||||||||S", "OBR|1|O1||1^x^L", "SPM|1|S1||SER", "NTE|1||x"),
    "RDE^O11": (PATIENT, "ORC|NW|R1", "RXE||1^x^NDC|250||mg", "RXR|PO", "RXC|A|1^x^L|2", "OBX|1|NM|1^x^L||1||||||F"),
    "MDM^T02": (PATIENT, VISIT, "TXA|1|DS^x|||20260101||||A1^x|||D1", "OBX|1|ED|1^x^L||A^B^C^Base64^QQ==||||||F"),
    "SIU^S12": ("SCH|P1|F1|||||CHECKUP|Normal|30|min", "TQ1|1||||||20260301090000", PATIENT, "AIL|1||R^7||||||30|min"),
    "VXU^V04": (PATIENT, "ORC|RE||1", "RXA|0|1|20260101||08^x^CVX|0.5|mL", "RXR|IM", "OBX|1|CE|1^x^L||V^x^L||||||F"),
    "DFT^P03": (PATIENT, VISIT, "FT1|1|1||20260101||CG|1^x^C4|||2|1.00&USD", "PR1|1||1^x^C4||20260101||30"),
}
MESSAGES = [lines(*found).replace(b"ORU^R01^ORU_R01", kind.encode()) for kind, found in KINDS.items()]
MARKS = [b"|", b"^", b"~", b"&", b"", b"\r", b"9", b'""', b"\\", b"||", b"-", b"\xc3\xa9"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MESSAGES), st.data())
def test_a_damaged_message_is_mapped_or_refused(raw: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(60, len(raw) - 1))
        raw = raw[:place] + data.draw(st.sampled_from(MARKS)) + raw[place + 1 :]
    try:
        found = from_hl7(parse(raw))
    except (HL7Error, NotMapped):
        return
    assert write(found.bundle)
    assert set(references(found.bundle)) <= {entry["fullUrl"] for entry in found.bundle["entry"]}


def test_thousands_of_diagnoses_are_all_told_and_all_listed() -> None:
    many = [f"DG1|{number}||{number}^x^I10" for number in range(4_000)]
    found = from_hl7(parse(lines(PATIENT, segment("PV1", f19="V1"), *many).replace(b"ORU^R01^ORU_R01", b"ADT^A01")))
    [visit] = [each for each in found.resources if each["resourceType"] == "Encounter"]
    assert len(visit["diagnosis"]) == len(many)
