"""How catalogues fill: what is declared in the modules of a folder of `penstock` and of every wing, with no list kept.

Only those modules are imported; a wing that is not installed is not there.
"""

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

PLATFORM, WING = "penstock", "penstock_"
CORE = "core"


class Named(Protocol):
    """What a catalogue holds has a name."""

    @property
    def name(self) -> str:
        """Unique in its catalogue."""
        ...


T = TypeVar("T", bound=Named)


def packages() -> Iterator[str]:
    """The platform's package and every wing's that is installed."""
    yield PLATFORM
    yield from sorted(module.name for module in pkgutil.iter_modules() if module.name.startswith(WING))


def modules(folder: str) -> Iterator[ModuleType]:
    """The modules of every package's `folder`, imported, in the order of their names."""
    for package in packages():
        places = [str(Path(place) / folder) for place in _places(package)]
        for module in sorted(pkgutil.iter_modules(places), key=lambda found: found.name):
            yield import_module(f"{package}.{folder}.{module.name}")


def _places(package: str) -> Iterable[str]:
    """Where a top-level package lies; asking does not import it."""
    spec = find_spec(package)
    return spec.submodule_search_locations or () if spec else ()


def wing_of(module: str) -> str:
    """Whose a package, or a module of it, is; the platform's is CORE."""
    package = module.split(".", maxsplit=1)[0]
    return CORE if package == PLATFORM else package.removeprefix(WING)


def documents(folder: str) -> Iterator[tuple[str, Path]]:
    """The JSON files of every package's `folder`, each with its wing."""
    for package in packages():
        for place in _places(package):
            yield from ((wing_of(package), file) for file in sorted((Path(place) / folder).glob("*.json")))


def holding(text: str) -> Iterator[ModuleType]:
    """The modules of every package whose source holds a text, imported: for tools that run where all is there."""
    for package in packages():
        for place in map(Path, _places(package)):
            for file in sorted(place.rglob("*.py")):
                if text in file.read_text(encoding="utf-8"):
                    parts = file.relative_to(place).with_suffix("").parts
                    yield import_module(".".join((package, *parts)))


def declared(folder: str, kind: type[T]) -> dict[str, T]:
    """Every module-level object of a kind, by name, sorted. Raises ValueError when two share a name."""
    found: dict[str, T] = {}
    for module in modules(folder):
        for value in vars(module).values():
            if isinstance(value, kind) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"two of {folder} are named {value.name}; one is in {module.__name__}")
    return dict(sorted(found.items()))
