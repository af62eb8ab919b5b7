"""What public corpora say of Penstock, wing by wing, in figures.

A section is one function beside its corpus: a module of this package that has SECTIONS. Nothing else has to know it.
"""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`count` of `total` did what `what` says; `least` of them must, where there is a bar."""

    what: str
    count: int
    total: int
    least: int | None = None

    @property
    def falls_short(self) -> bool:
        """Whether there is a bar and the count is below it."""
        return self.least is not None and self.count < self.least


@dataclass(frozen=True, slots=True)
class Section:
    """One table of figures. `measure` is given the corpora's folder and yields nothing when its corpus is not there."""

    wing: str
    title: str
    measure: Callable[[Path], Iterator[Figure]]


def sections(wing: str) -> list[Section]:
    """The wing's sections, by module and in its order."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return [section for module in modules for section in getattr(module, "SECTIONS", ()) if section.wing == wing]
