"""Projections are found where they lie."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.events import discovery
from penstock.events.projection import Projection

DECLARATION = """
from penstock.events.projection import Projection
{name} = Projection("{name}", "{kind}", lambda document, event: document)
"""


@pytest.fixture
def wing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable top-level package `penstock_brewing`."""
    root = tmp_path / "penstock_brewing"
    root.mkdir()
    (root / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    discovery.projections.cache_clear()
    yield root
    discovery.projections.cache_clear()
    for name in [name for name in sys.modules if name.startswith("penstock_brewing")]:
        del sys.modules[name]


def declare(file: Path, name: str, kind: str = "brew") -> None:
    for folder in (file.parent, *file.parents):
        if (folder / "__init__.py").exists():
            break
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    file.write_text(DECLARATION.format(name=name, kind=kind))


def test_a_file_in_a_wings_projections_folder_is_enough(wing: Path) -> None:
    declare(wing / "projections" / "kettles.py", "kettles")
    declare(wing / "projections" / "hops.py", "hops")
    declare(wing / "sales" / "other.py", "others")
    found = {projection.name for projection in discovery.projections_of("brew")}
    assert found == {"kettles", "hops"}
    assert "penstock_brewing.sales.other" not in sys.modules


def test_a_projection_that_is_imported_elsewhere_counts_once(wing: Path) -> None:
    declare(wing / "projections" / "kettles.py", "kettles")
    (wing / "projections" / "again.py").write_text("from penstock_brewing.projections.kettles import kettles")
    assert [projection.name for projection in discovery.projections_of("brew")] == ["kettles"]


def test_two_projections_of_one_name_are_refused(wing: Path) -> None:
    declare(wing / "projections" / "kettles.py", "kettles")
    declare(wing / "projections" / "kettles_too.py", "kettles", kind="sale")
    with pytest.raises(ValueError, match="kettles"):
        discovery.projections()


def test_everything_found_is_a_projection_with_a_name_of_its_own() -> None:
    discovery.projections.cache_clear()
    names = [projection.name for projection in discovery.projections()]
    assert all(isinstance(projection, Projection) for projection in discovery.projections())
    assert names == sorted(set(names))
