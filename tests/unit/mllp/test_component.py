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
