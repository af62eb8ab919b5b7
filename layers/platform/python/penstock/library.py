"""Definitions that come with the platform and its wings: the JSON files of a folder of every package."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.discovery import documents
from penstock.json import JSONObject, loads


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A definition as it was shipped. `id`, the file's name, is unique in its folder: `order_fulfilment`."""

    id: str
    wing: str
    definition: JSONObject


def installed(folder: str) -> Mapping[str, BuiltIn]:
    """Those of the packages that are here, by id. Raises ValueError when two have one of the same name."""
    found: dict[str, BuiltIn] = {}
    for wing, file in documents(folder):
        known = BuiltIn(file.stem, wing, loads(file.read_bytes()))
        if found.setdefault(known.id, known) is not known:
            raise ValueError(f"two {folder} are named {known.id}: in {found[known.id].wing} and in {wing}")
    return dict(sorted(found.items()))
