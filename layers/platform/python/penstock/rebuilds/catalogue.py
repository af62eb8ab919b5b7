"""Every projection there is, without its code: what is installed, and for the other wings what the build wrote down.

`python -m penstock.rebuilds.catalogue FILE` writes it, from all that is installed, into the platform's layer.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import penstock
from penstock.discovery import PLATFORM, WING, modules
from penstock.events.projection import Projection
from penstock.json import canonical, loads

MANIFEST = Path(penstock.__file__).parent.parent / "penstock_projections.json"
CORE = "core"


@dataclass(frozen=True, slots=True)
class KnownProjection:
    """A projection's name, the kind of stream that it folds, its code's revision, and whose it is."""

    name: str
    kind: str
    revision: int
    wing: str


@cache
def known_projections() -> Mapping[str, KnownProjection]:
    """Every one by its name, sorted."""
    return dict(sorted({**read_manifest(), **installed()}.items()))


def read_manifest(file: Path = MANIFEST) -> Mapping[str, KnownProjection]:
    """The projections of the manifest; none where no build wrote one."""
    if not file.exists():
        return {}
    return {entry["name"]: KnownProjection(**entry) for entry in loads(file.read_bytes())}


def installed() -> Mapping[str, KnownProjection]:
    """The projections whose code is here."""
    return {
        each.name: KnownProjection(each.name, each.kind, each.revision, _wing(module.__name__))
        for module in modules("projections")
        for each in vars(module).values()
        if isinstance(each, Projection)
    }


def _wing(module: str) -> str:
    package = module.split(".", maxsplit=1)[0]
    return CORE if package == PLATFORM else package.removeprefix(WING)


def main() -> None:
    """Write the projections that are installed to the file named on the command line."""
    Path(sys.argv[1]).write_bytes(canonical([asdict(each) for each in installed().values()]))


if __name__ == "__main__":
    main()
