"""The templates of a sample of functions and of the repo's own."""

import pytest

from infra.layers import WingLayers
from tests.infra.sample import ROOT, SAMPLE, Templates, synthesise, write_function


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WingLayers]:
    """Layers that hold one file each: what is in them does not change a template."""
    folder = tmp_path_factory.mktemp("layers")
    built = {}
    for wing in ("platform", "healthcare"):
        source = folder / wing / "python"
        source.mkdir(parents=True)
        (source / f"{wing}.py").write_text("", encoding="utf-8")
        wheels = folder / f"{wing}.zip"
        wheels.write_bytes(b"PK\x05\x06" + bytes(18))
        built[wing] = WingLayers(wing, source.parent, wheels)
    return built


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, layers: dict[str, WingLayers]) -> Templates:
    """The sample functions at stage `dev`."""
    folder = tmp_path_factory.mktemp("sample")
    for name, definition in SAMPLE.items():
        write_function(folder / "functions", name, definition)
    return synthesise("dev", folder / "functions", layers, folder / "out")


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory, layers: dict[str, WingLayers]) -> Templates:
    """The repo's own functions at stage `prod`."""
    return synthesise("prod", ROOT / "functions", layers, tmp_path_factory.mktemp("repo") / "out")
