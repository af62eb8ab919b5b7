"""The sagas that come with the platform and its wings: every `sagas/*.json` of a package.

Where a wing is not installed, its sagas come from a file that the build writes into the platform's layer:
`python -m penstock.sagas.library FILE`.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import penstock
from penstock.discovery import PLATFORM, WING, packages
from penstock.json import JSONObject, canonical, loads

MANIFEST = Path(penstock.__file__).parent.parent / "penstock_sagas.json"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A saga that is deployed with its package. `id` is unique: `order_fulfilment`; its machine is named by it."""

    id: str
    wing: str
    definition: JSONObject


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Every one by its id: the installed ones, and the manifest's for the wings that are not."""
    return dict(sorted({**read_manifest(), **installed()}.items()))


def read_manifest(file: Path = MANIFEST) -> Mapping[str, BuiltIn]:
    """The sagas of the manifest; none where no build wrote one."""
    if not file.exists():
        return {}
    return {entry["id"]: BuiltIn(**entry) for entry in loads(file.read_bytes())}


def installed() -> Mapping[str, BuiltIn]:
    """The sagas of the packages that are here. Raises ValueError when two have one of the same name."""
    found: dict[str, BuiltIn] = {}
    for package in packages():
        wing = "core" if package == PLATFORM else package.removeprefix(WING)
        for file in _files(package):
            saga = BuiltIn(file.stem, wing, loads(file.read_bytes()))
            if found.setdefault(saga.id, saga) is not saga:
                raise ValueError(f"two sagas are named {saga.id}: in {found[saga.id].wing} and in {wing}")
    return found


def _files(package: str) -> list[Path]:
    spec = find_spec(package)
    places = (spec.submodule_search_locations or []) if spec else []
    return [file for place in places for file in sorted((Path(place) / "sagas").glob("*.json"))]


def main() -> None:
    """Write the sagas that are installed to the file named on the command line."""
    Path(sys.argv[1]).write_bytes(canonical([asdict(saga) for saga in installed().values()]))


if __name__ == "__main__":
    main()
