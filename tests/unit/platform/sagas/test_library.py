"""The built-in sagas, where their wings are installed and where only the build's manifest tells of them."""

from pathlib import Path

import pytest

from penstock import discovery
from penstock.sagas import library


def test_the_manifest_tells_of_every_saga_as_its_package_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sagas.json"
    monkeypatch.setattr("sys.argv", ["library", str(file)])
    library.main()
    assert library.read_manifest(file) == library.installed() != {}


def test_without_a_manifest_only_the_installed_ones_are_known(tmp_path: Path) -> None:
    assert library.read_manifest(tmp_path / "sagas.json") == {}


def test_a_saga_of_a_wing_that_is_not_installed_comes_from_the_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    every = library.installed()
    monkeypatch.setattr(discovery, "packages", lambda: ["penstock"])
    monkeypatch.setattr(library, "read_manifest", lambda: every)
    assert "patient_onboarding" not in library.installed()
    assert library.built_in.__wrapped__()["patient_onboarding"] == every["patient_onboarding"]
