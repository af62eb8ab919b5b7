"""The processes that come with the platform and its wings: every `processes/*.json` of an installed package.

They start nothing by themselves: a tenant adopts one, and has it as a definition of its own from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from penstock.discovery import documents
from penstock.json import JSONObject, loads


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A process to adopt. `id` is unique, and that of the definition then: `order_follow_up`."""

    id: str
    wing: str
    definition: JSONObject


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Every one by its id. Raises ValueError when two packages have one of the same name."""
    found: dict[str, BuiltIn] = {}
    for wing, file in documents("processes"):
        process = BuiltIn(file.stem, wing, loads(file.read_bytes()))
        if found.setdefault(process.id, process) is not process:
            raise ValueError(f"two processes are named {process.id}: in {found[process.id].wing} and in {wing}")
    return dict(sorted(found.items()))
