"""The sagas that come with the platform and its wings: every `sagas/*.json` of an installed package."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from penstock.discovery import PLATFORM, WING, packages
from penstock.json import JSONObject, loads


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A saga that is deployed with its package. `id` is unique: `order_fulfilment`; its machine is named by it."""

    id: str
    wing: str
    definition: JSONObject


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Every one by its id. Raises ValueError when two packages have one of the same name."""
    found: dict[str, BuiltIn] = {}
    for package in packages():
        wing = "core" if package == PLATFORM else package.removeprefix(WING)
        for file in _files(package):
            saga = BuiltIn(file.stem, wing, loads(file.read_bytes()))
            if found.setdefault(saga.id, saga) is not saga:
                raise ValueError(f"two sagas are named {saga.id}: in {found[saga.id].wing} and in {wing}")
    return dict(sorted(found.items()))


def _files(package: str) -> list[Path]:
    spec = find_spec(package)
    places = (spec.submodule_search_locations or []) if spec else []
    return [file for place in places for file in sorted((Path(place) / "sagas").glob("*.json"))]
