"""JSON values as JavaScript sees them, for the fast path.

A value is *plain* when QuickJS would hand it back as it is: every number is a safe integer or a fraction
that both languages print alike, strings hold no surrogates, keys keep their order. Whatever is not plain
raises NotFast, and QuickJS decides.
"""

from __future__ import annotations

from typing import Final

from penstock.json import JSON

SAFE_INTEGER: Final = 2**53
PLAIN_TEXT: Final = 100_000
"""Characters (a number counts for 24) up to which a result surely is within the limit of its JSON text."""


class NotFast(Exception):
    """The fast path cannot vouch for this value or operation; evaluate in JavaScript."""


class Undefined:
    """JavaScript's undefined; there is one, UNDEFINED."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()
NOT_FAST: Final = NotFast()


def string(value: str) -> str:
    """`value`, when it is short and free of surrogates (JavaScript would join a split pair)."""
    if len(value) > PLAIN_TEXT or not (value.isascii() or _encodes(value)):
        raise NOT_FAST
    return value


def _encodes(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def integer(value: int) -> int:
    if -SAFE_INTEGER < value < SAFE_INTEGER:
        return value
    raise NOT_FAST


def fraction(value: float) -> int | float:
    """`value` as JSON.stringify's text reads back: 1.0 is 1, -0.0 is 0."""
    if value.is_integer():
        return integer(int(value))
    # inf, nan and exponents: the two languages write them differently
    if "e" in (text := repr(value)) or "n" in text:
        raise NOT_FAST
    return value


def leaf(value: JSON) -> JSON:
    """A primitive in plain form; a container, None or undefined as it is."""
    kind = type(value)
    if kind is str:
        return string(value)
    if kind is int:
        return integer(value)
    if kind is float:
        return fraction(value)
    if value is None or kind in (bool, dict, list) or value is UNDEFINED:
        return value
    raise NOT_FAST


def container(value: JSON) -> JSON:
    """`value` itself, a dict or a list, when all that it holds is plain."""
    budget = PLAIN_TEXT
    pending: list[JSON] = [value]
    while pending:
        part = pending.pop()
        kind = type(part)
        if kind is dict:
            budget -= _keys(part)
            pending.extend(part.values())
        elif kind is list:
            pending.extend(part)
        elif kind is str:
            budget -= len(string(part))
        elif leaf(part) is not part:
            raise NOT_FAST
        budget -= 24
        if budget < 0:
            raise NOT_FAST
    return value


def _keys(value: dict[str, JSON]) -> int:
    """The characters of the keys; JavaScript moves keys that look like an index to the front."""
    size = 0
    for key in value:
        if type(key) is not str or key[:1].isdigit():
            raise NOT_FAST
        size += len(string(key))
    return size
