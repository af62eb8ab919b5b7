"""How much of a list is shown at once."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from penstock.json import JSON, dumps

LARGEST_LIST = 4_000_000
"""Bytes of JSON: with what stands around it, an answer stays below Lambda's 6 MB."""

T = TypeVar("T")


def within(entries: Iterable[tuple[T, JSON]], count: int, size: int = LARGEST_LIST) -> Sequence[T]:
    """The first entries, `count` at most, that stay within `size` bytes together; each comes with its JSON."""
    kept: list[T] = []
    for entry, shown in entries:
        size -= len(dumps(shown))
        if size < 0 or len(kept) == count:
            break
        kept.append(entry)
    return kept
