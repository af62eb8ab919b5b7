"""The official R4 examples, from npm's `hl7.fhir.r4.examples`, which `make setup` installs."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "node_modules" / "hl7.fhir.r4.examples"
_NOT_RESOURCES = frozenset({"package.json", ".index.json"})


@cache
def files() -> tuple[Path, ...]:
    """All of them, sorted; skips the test when they are not there."""
    if not FOLDER.is_dir():
        pytest.skip("hl7.fhir.r4.examples is not installed: `make setup` does it")
    return tuple(sorted(file for file in FOLDER.glob("*.json") if file.name not in _NOT_RESOURCES))


def small(limit: int = 50_000) -> Iterator[Path]:
    """Those of at most so many bytes."""
    return (file for file in files() if file.stat().st_size <= limit)
