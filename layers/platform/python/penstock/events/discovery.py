"""Finds projections: `Projection` objects in modules of any `projections` package of `penstock` or a wing.

Only those modules are imported; a wing that is not installed is not there.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from penstock.events.projection import Projection

PLATFORM, WING = "penstock", "penstock_"
_FOLDER = "projections"


@cache
def projections() -> tuple[Projection, ...]:
    """Every projection, by name. Raises ValueError when two share a name."""
    found: dict[str, Projection] = {}
    for module in map(importlib.import_module, sorted(_module_names())):
        for projection in _declared(module):
            if found.setdefault(projection.name, projection) is not projection:
                raise ValueError(f"two projections are named {projection.name!r}; one is in {module.__name__}")
    return tuple(found[name] for name in sorted(found))


def projections_of(kind: str) -> tuple[Projection, ...]:
    """The projections of the streams of a kind."""
    return tuple(projection for projection in projections() if projection.kind == kind)


def _declared(module: ModuleType) -> Iterator[Projection]:
    return (value for value in vars(module).values() if isinstance(value, Projection))


def _module_names() -> Iterator[str]:
    for package in pkgutil.iter_modules():
        if package.name == PLATFORM or package.name.startswith(WING):
            for place in importlib.import_module(package.name).__path__:
                yield from _in_package(package.name, Path(place))


def _in_package(package: str, root: Path) -> Iterator[str]:
    for folder in root.rglob(_FOLDER):
        for file in folder.glob("*.py"):
            parts = file.relative_to(root).with_suffix("").parts
            yield ".".join((package, *parts)).removesuffix(".__init__")
    for file in root.rglob(f"{_FOLDER}.py"):
        yield ".".join((package, *file.relative_to(root).with_suffix("").parts))
