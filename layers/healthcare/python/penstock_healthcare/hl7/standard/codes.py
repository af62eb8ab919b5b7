"""Code tables: every code that some version has in a table."""

from functools import cache
from pathlib import Path


@cache
def table(number: str) -> frozenset[str] | None:
    """None for a table that is not closed, or not known."""
    line = _lines().get(number)
    return None if line is None else frozenset(line.split("\t"))


@cache
def _lines() -> dict[str, str]:
    text = Path(__file__).with_name("tables.txt").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines())
