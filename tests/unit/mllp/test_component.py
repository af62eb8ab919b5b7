"""The Greengrass component's files agree with the code."""

import json
from pathlib import Path

import pytest
import yaml

from penstock_mllp.settings import Settings, load

COMPONENT = Path(__file__).parents[3] / "edge" / "mllp"


def test_the_default_configuration_is_one_that_the_gateway_starts_with(tmp_path: Path) -> None:
    recipe = yaml.safe_load((COMPONENT / "recipe.yaml").read_text())
    given = recipe["ComponentConfiguration"]["DefaultConfiguration"]["settings"]
    (tmp_path / "key").write_text("k")
    settings = load(None, {}, given | {"api_key_file": str(tmp_path / "key")})
    defaults = Settings(url=settings.url, api_key_file=settings.api_key_file, outbox=settings.outbox)
    assert settings == defaults


def test_numbers_may_come_back_from_a_deployment_as_floats(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    given = {"url": "https://x", "api_key_file": str(tmp_path / "key"), "outbox": "o", "max_frame_bytes": 4e6}
    settings = load(None, {}, given)
    assert settings.max_frame_bytes == 4_000_000
    assert isinstance(settings.max_frame_bytes, int)


@pytest.mark.parametrize("key", ["Install", "Run"])
def test_the_recipe_has_one_linux_manifest_with_an_artifact_that_the_build_makes(key: str) -> None:
    recipe = yaml.safe_load((COMPONENT / "recipe.yaml").read_text())
    (manifest,) = recipe["Manifests"]
    assert key in manifest["Lifecycle"]
    archive = manifest["Artifacts"][0]["Uri"].rsplit("/", 1)[1].removesuffix(".zip")
    assert f'"{archive}"' in (COMPONENT / "build.py").read_text()
    assert manifest["Lifecycle"]["Setenv"]["PYTHONPATH"].endswith(f"/{archive}")
    (component,) = json.loads((COMPONENT / "gdk-config.json").read_text())["component"].values()
    assert component["build"]["custom_build_command"][1] == "build.py"


NAMES = {
    "recipe": {
        "RecipeFormatVersion",
        "ComponentName",
        "ComponentVersion",
        "ComponentPublisher",
        "ComponentDescription",
        "ComponentConfiguration",
        "ComponentDependencies",
        "ComponentType",
        "Manifests",
        "Lifecycle",
    },
    "manifest": {"Name", "Platform", "Artifacts", "Lifecycle", "Selections"},
    "artifact": {"Uri", "Unarchive", "Permission", "Digest", "Algorithm"},
    "lifecycle": {"Setenv", "Bootstrap", "Install", "Startup", "Run", "Shutdown", "Recover"},
    "step": {"Script", "RequiresPrivilege", "Skipif", "Timeout", "Setenv"},
}
"""What the recipe reference of Greengrass v2 knows."""


def test_the_recipe_says_only_what_greengrass_knows() -> None:
    recipe = yaml.safe_load((COMPONENT / "recipe.yaml").read_text())
    (manifest,) = recipe["Manifests"]
    assert recipe["RecipeFormatVersion"] == "2020-01-25"
    assert set(recipe) <= NAMES["recipe"]
    assert set(recipe["ComponentConfiguration"]) == {"DefaultConfiguration"}
    assert set(manifest) <= NAMES["manifest"]
    assert all(set(artifact) <= NAMES["artifact"] for artifact in manifest["Artifacts"])
    assert set(manifest["Lifecycle"]) <= NAMES["lifecycle"]
    assert all(set(manifest["Lifecycle"][step]) <= NAMES["step"] for step in ("Install", "Run"))


def test_every_module_that_the_gateway_imports_is_in_the_component() -> None:
    """Of the healthcare wing the archive holds the HL7 package alone."""
    imported = {line.split()[1] for file in (COMPONENT / "penstock_mllp").glob("*.py") for line in _imports(file)}
    assert imported
    assert all(name.startswith(("penstock_mllp", "penstock_healthcare.hl7")) for name in imported)


def _imports(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith(("from penstock", "import penstock"))]
