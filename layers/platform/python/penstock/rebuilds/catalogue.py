"""Every projection there is, without its code: what is installed, and for the other wings what the build wrote down.

`python -m penstock.rebuilds.catalogue FILE` writes it, from all that is installed, into the platform's layer.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from penstock import manifests
from penstock.discovery import modules, wing_of
from penstock.events.projection import Projection
from penstock.rebuilds.followed import Followed

MANIFEST = manifests.FOLDER / "penstock_projections.json"


@dataclass(frozen=True, slots=True)
class KnownProjection:
    """A projection's name, the kind of stream that it folds, its code's revision, and whose it is. See Described."""

    name: str
    kind: str
    revision: int
    wing: str
    consumer: str = ""


@cache
def known_projections() -> Mapping[str, KnownProjection]:
    """Every one by its name, sorted."""
    return dict(sorted({**read_manifest(), **installed()}.items()))


def read_manifest(file: Path = MANIFEST) -> Mapping[str, KnownProjection]:
    """The projections of the manifest; none where no build wrote one."""
    return {entry["name"]: KnownProjection(**entry) for entry in manifests.entries(file)}


def installed() -> Mapping[str, KnownProjection]:
    """The projections whose code is here."""
    return {
        each.name: KnownProjection(each.name, each.kind, each.revision, wing_of(module.__name__), each.consumer)
        for module in modules("projections")
        for each in vars(module).values()
        if isinstance(each, Projection | Followed)
    }


def main() -> None:
    """Write the projections that are installed to the file named on the command line."""
    manifests.write(asdict(each) for each in installed().values())


if __name__ == "__main__":
    main()
