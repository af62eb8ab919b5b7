"""penstock fhir validate and path."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock_cli.conformance.fhir_r4 import PACKAGE, measure
from tests.unit.cli.conftest import Invoke

Write = Callable[..., str]
PATIENT = {"resourceType": "Patient", "name": [{"given": ["A", "B"]}], "multipleBirthInteger": 2}
WRONG = {"resourceType": "Patient", "gender": "mail"}
XML = '<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'
EXAMPLES = Path(__file__).parents[3] / "node_modules" / PACKAGE


def test_each_file_gets_a_verdict_and_an_outcome(penstock: Invoke, write: Write) -> None:
    result = penstock(
        "fhir", "validate", write("a.json", PATIENT), write("b.json", WRONG), write("c.xml", XML), "--json"
    )
    assert result.exit_code == 1
    reports = json.loads(result.stdout)
    assert [each["valid"] for each in reports] == [True, False, True]
    issue = reports[1]["outcome"]["issue"][0]
    assert reports[1]["outcome"]["resourceType"] == "OperationOutcome"
    assert (issue["severity"], issue["expression"]) == ("error", ["Patient.gender"])


def test_people_read_what_is_wrong_and_where(penstock: Invoke, write: Write) -> None:
    result = penstock("fhir", "validate", write("b.json", WRONG))
    assert result.exit_code == 1
    assert "not valid" in result.stdout
    assert "Patient.gender" in result.stdout
    assert "must be a code" in result.stdout


def test_folders_and_standard_input_are_read(penstock: Invoke, write: Write) -> None:
    folder = Path(write("a.json", PATIENT)).parent
    write("b.xml", XML)
    write("package.json", {"name": "x"})
    write("c.txt", "no resource")
    assert [
        Path(each["file"]).name for each in json.loads(penstock("fhir", "validate", str(folder), "--json").stdout)
    ] == [
        "a.json",
        "b.xml",
    ]
    assert penstock("fhir", "validate", "-", stdin=json.dumps(PATIENT)).exit_code == 0


def test_quiet_tells_only_errors(penstock: Invoke, write: Write) -> None:
    told = json.loads(
        penstock("fhir", "validate", write("a.json", PATIENT), write("b.json", WRONG), "--quiet", "--json").stdout
    )
    assert len(told) == 1
    assert {each["severity"] for each in told[0]["outcome"]["issue"]} == {"error"}


def test_a_profile_is_named_by_its_url_or_given_as_a_file(penstock: Invoke, write: Write) -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/named",
        "name": "Named",
        "type": "Patient",
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [{"id": "Patient.name.family", "path": "Patient.name.family", "min": 1}]},
    }
    file, patient = write("p.json", profile), write("a.json", PATIENT)
    assert penstock("fhir", "validate", patient, "--profile", file).exit_code == 1
    bundle = write("d.json", {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": profile}]})
    by_url = ("fhir", "validate", patient, "--profile", "http://example.org/named")
    assert "family is missing" in penstock(*by_url, "--definitions", bundle).stdout
    assert "is not known" in penstock(*by_url).stdout
    assert penstock("fhir", "validate", patient, "--profile", patient).exit_code == 2


@pytest.mark.parametrize("path", ["nothing.json", "."])
def test_what_cannot_be_read_is_wrong_use(
    penstock: Invoke, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert penstock("fhir", "validate", path).exit_code == 2


def test_what_a_path_finds_is_shown_with_its_place(penstock: Invoke, write: Write) -> None:
    result = penstock("fhir", "path", "name.given", write("a.json", PATIENT), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[1] == {"path": "Patient.name[0].given[1]", "type": "string", "value": "B"}
    assert "B" in penstock("fhir", "path", "name.given.last()", write("a.json", PATIENT)).stdout
    assert penstock("fhir", "path", "name.family", write("a.json", PATIENT)).exit_code == 1
    assert penstock("fhir", "path", "name.(", write("a.json", PATIENT)).exit_code == 2
    assert penstock("fhir", "path", "name.given.single()", write("a.json", PATIENT)).exit_code == 1


def test_decimals_that_are_shown_keep_their_digits(penstock: Invoke, write: Write) -> None:
    text = '{"resourceType":"Observation","valueQuantity":{"value":1.00}}'
    told = json.loads(penstock("fhir", "path", "value.value", write("o.json", text), "--json").stdout)
    assert told[0]["value"] == "1.00"


def test_the_examples_are_measured(tmp_path: Path) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("hl7.fhir.r4.examples is not installed: `make setup` does it")
    (tmp_path / PACKAGE).mkdir()
    for name in ("Patient-example.json", "Observation-f202.json"):
        shutil.copy(EXAMPLES / name, tmp_path / PACKAGE)
    assert [(each.count, each.total) for each in measure(tmp_path)] == [(146, 146), (1, 2), (2, 2), (2, 2)]
    assert not list(measure(tmp_path / "nothing"))
