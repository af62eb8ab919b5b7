"""penstock phi find and redact."""

import json
from collections.abc import Callable
from pathlib import Path

from penstock_healthcare.hl7 import parse
from tests.unit.cli.conftest import Invoke

Write = Callable[..., str]
MESSAGES = Path(__file__).parents[3] / "events" / "messages"
NORMAL = str(MESSAGES / "hl7v2_oru_r01_normal.hl7")
MALFORMED = str(MESSAGES / "hl7v2_oru_r01_malformed.hl7")
PATIENT = {"resourceType": "Patient", "birthDate": "1954-04-12"}


def test_findings_are_told_without_the_identifiers_unless_they_are_asked_for(penstock: Invoke, write: Write) -> None:
    files = (NORMAL, write("p.json", PATIENT), write("note.txt", "SSN 987-65-4320"))
    result = penstock("phi", "find", *files, "--json")
    assert result.exit_code == 1
    message, patient, note = json.loads(result.stdout)
    assert message["counts"]["mrn"] == 1
    assert [each["location"] for each in patient["findings"]] == ["Patient.birthDate"]
    assert note["counts"] == {"ssn": 1}
    assert "Okafor" not in result.stdout
    assert "987" not in result.stdout
    assert "Okafor" in penstock("phi", "find", NORMAL, "--values").stdout


def test_what_holds_none_is_fine(penstock: Invoke) -> None:
    assert penstock("phi", "find", "-", stdin="Potassium 4.1 mmol/L").exit_code == 0


def test_one_document_goes_to_standard_output_and_is_clean_then(penstock: Invoke, tmp_path: Path) -> None:
    result = penstock("phi", "redact", NORMAL)
    assert result.exit_code == 0
    assert parse(result.stdout_bytes).type == "ORU^R01"
    assert "(Safe Harbor)" in result.stderr
    (tmp_path / "clean.hl7").write_bytes(result.stdout_bytes)
    assert penstock("phi", "find", str(tmp_path / "clean.hl7")).exit_code == 0


def test_a_folder_goes_to_another_with_a_report(penstock: Invoke, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.json").write_text(json.dumps(PATIENT))
    (tmp_path / "in" / "b.hl7").write_bytes(Path(NORMAL).read_bytes())
    result = penstock("phi", "redact", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    assert [each["safe_harbor"] for each in json.loads(result.stdout)] == [True, True]
    assert json.loads((tmp_path / "out" / "deep" / "a.json").read_text())["birthDate"] == "1954"
    assert penstock("phi", "find", str(tmp_path / "out")).exit_code == 0
    again = penstock("phi", "redact", str(tmp_path / "in"), "--output", str(tmp_path / "out"))
    assert again.exit_code == 2, "a file that is there stays"


def test_a_key_makes_pseudonyms_and_says_that_they_are_not_safe_harbor(penstock: Invoke, write: Write) -> None:
    result = penstock("phi", "redact", NORMAL, "--key-file", write("key", "k" * 32), "--shift-dates")
    assert result.exit_code == 0
    assert "PSN-" in result.stdout
    assert "not Safe Harbor" in result.stderr


def test_what_cannot_be_examined_is_not_written(penstock: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = penstock("phi", "redact", NORMAL, MALFORMED, "--output", str(out))
    assert (result.exit_code, out.exists()) == (1, False)
    assert "Lindqvist" not in result.output


def test_wrong_use_is_told(penstock: Invoke, write: Write) -> None:
    assert penstock("phi", "redact", NORMAL, NORMAL).exit_code == 2
    assert penstock("phi", "redact", NORMAL, "--shift-dates").exit_code == 2
    assert penstock("phi", "redact", NORMAL, "--key-file", write("key", "short")).exit_code == 2
    assert penstock("phi", "find", "nowhere.hl7").exit_code == 2
