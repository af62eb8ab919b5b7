"""penstock hl7 to-fhir and penstock fhir to-hl7."""

import json
from pathlib import Path

from penstock_healthcare.hl7 import parse
from tests.unit.cli.conftest import Invoke

ROOT = Path(__file__).parents[3]
ADMISSION = ROOT / "events" / "messages" / "hl7v2_adt_a01_admission.hl7"
BATCH = b"".join(ADMISSION.read_bytes() for _ in range(2))


def test_a_message_becomes_a_transaction_and_findings_stand_beside_it(penstock: Invoke) -> None:
    result = penstock("hl7", "to-fhir", str(ADMISSION))
    assert result.exit_code == 0
    bundle = json.loads(result.stdout)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    assert "PID-10: not-mapped: race" in result.stderr
    assert penstock("hl7", "to-fhir", str(ADMISSION), "--quiet").stderr == ""


def test_a_batch_becomes_a_bundle_a_line(penstock: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "batch.hl7"
    file.write_bytes(BATCH)
    result = penstock("hl7", "to-fhir", str(file), "--quiet")
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == ["transaction"] * 2
    told = json.loads(penstock("hl7", "to-fhir", str(file), "--json").stdout)
    assert [(each["number"], each["error"]) for each in told] == [(1, None), (2, None)]
    assert told[0]["unmapped"]


def test_a_message_without_a_map_fails_and_says_which_have_one(penstock: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "bar.hl7"
    file.write_bytes(ADMISSION.read_bytes().replace(b"ADT^A01^ADT_A01", b"BAR^P01^BAR_P01"))
    result = penstock("hl7", "to-fhir", str(file))
    assert result.exit_code == 1
    assert "there is no mapping of BAR^P01" in result.stderr
    assert "ORU" in result.stderr


def test_a_zone_that_there_is_not_is_wrong_use(penstock: Invoke) -> None:
    assert penstock("hl7", "to-fhir", str(ADMISSION), "--time-zone", "Mars/Olympus").exit_code == 2


def test_a_bundle_becomes_a_message_again(penstock: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text(penstock("hl7", "to-fhir", str(ADMISSION), "--quiet").stdout, encoding="utf-8")
    result = penstock("fhir", "to-hl7", str(file), "--type", "ADT_A01", "--sending-facility", "WARD")
    assert result.exit_code == 0
    message = parse(result.stdout)
    assert (message.type, message["MSH-4"], message["PID-3"]) == ("ADT^A01", "WARD", "MRN4502217")


def test_what_is_no_resource_or_no_type_is_told(penstock: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text('{"resourceType": "Patient", "name": {}}', encoding="utf-8")
    result = penstock("fhir", "to-hl7", str(file), "--type", "ADT_A01")
    assert (result.exit_code, "Patient.name: must be a list" in result.stderr) == (1, True)
    assert penstock("fhir", "to-hl7", str(file), "--type", "MDM_T02").exit_code == 1
    file.write_text("no JSON", encoding="utf-8")
    assert penstock("fhir", "to-hl7", str(file), "--type", "ADT_A01").exit_code == 2
