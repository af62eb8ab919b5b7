"""The processes that come with the platform and its wings: every `processes/*.json` of an installed package.

They start nothing by themselves: a tenant adopts one, and has it as a definition of its own, by its id, from then on.
"""

from collections.abc import Mapping
from functools import cache

from penstock.library import BuiltIn, installed


@cache
def built_in() -> Mapping[str, BuiltIn]:
    """Every one by its id. Raises ValueError when two packages have one of the same name."""
    return installed("processes")
