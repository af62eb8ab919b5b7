"""The artifact of R4's definitions."""

import time
from pathlib import Path

import pytest

from penstock_healthcare.fhir.definitions import Definitions, r4
from penstock_healthcare.fhir.definitions.artifact import Artifact, pack
from penstock_healthcare.fhir.definitions.build import main
from penstock_healthcare.fhir.errors import NoDefinitions


def test_all_types_of_resources_are_there() -> None:
    assert len(r4().resource_types()) == 146


def test_it_is_r4_and_nothing_else() -> None:
    """Meta in R4 has these elements; definitions made for one product had six more."""
    meta = r4().type("Meta")
    assert meta is not None
    assert list(meta.root.children) == [
        "id",
        "extension",
        "versionId",
        "lastUpdated",
        "source",
        "profile",
        "security",
        "tag",
    ]


def test_search_parameters_are_there_by_type() -> None:
    found = {each["code"]: each for each in r4().search_parameters("Patient")}
    assert found["birthdate"]["type"] == "date"
    assert "Patient.name" in found["name"]["expression"]


def test_a_type_is_derived_from_its_ancestors() -> None:
    assert r4().specializes("Patient", "DomainResource")
    assert r4().specializes("code", "string")
    assert not r4().specializes("Patient", "Element")


def test_a_packed_file_gives_back_what_was_packed(tmp_path: Path) -> None:
    file = tmp_path / "a.definitions"
    file.write_bytes(pack({"structures": {"a": {"url": "a"}}, "value_sets": {}}))
    artifact = Artifact(file)
    assert artifact.keys("structures") == ("a",)
    assert artifact.get("structures", "a") == {"url": "a"}
    assert artifact.get("structures", "b") is None


@pytest.mark.parametrize("content", [None, b"", b"PFR4", b"something else altogether"])
def test_what_is_no_artifact_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "a.definitions"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NoDefinitions):
        Definitions(Artifact(file)).structure("Patient")


def test_a_folder_without_definitions_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "no definitions" in capsys.readouterr().err


def test_the_first_definition_is_there_in_no_time() -> None:
    start = time.perf_counter()
    assert Definitions(Artifact()).resource("Patient") is not None
    assert time.perf_counter() - start < 0.5
