"""An item's fields by dotted path (`patient.name.0.family`): read, written, and put in order.

A number steps into a list. Writing never changes what it was given: the containers along the path are copied.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from penstock.json import JSON, JSONObject, canonical

LONGEST_PATH = 200
DECIMAL = re.compile(r"[+-]?\d{1,60}(\.\d{1,60})?\Z")
"""Text that is an exact decimal number, as money and measured values travel."""

FieldPath = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH, pattern=r"^[^.]+(\.[^.]+)*$")]


class NoSuchPlace(ValueError):
    """A path leads through a value that has no fields, or beyond the end of a list."""

    def __init__(self, path: str, step: str) -> None:
        super().__init__(f"{path}: there is no place for {step}")
        self.path, self.step = path, step


def get(value: JSON, path: str, default: JSON = None) -> JSON:
    """What stands at the path; `default` where nothing does."""
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and (index := _index(step, value)) is not None:
            value = value[index]
        else:
            return default
    return value


def put(item: JSONObject, path: str, value: JSON) -> JSONObject:
    """The item with the value at the path; objects that are missing on the way are made. Raises NoSuchPlace."""
    changed: JSONObject = _put(item, path.split("."), value, path)
    return changed


def without(item: JSONObject, path: str) -> JSONObject:
    """The item without the field; the item itself where there is none. Elements of lists are not taken out."""
    first, _, rest = path.partition(".")
    if not rest:
        return {name: value for name, value in item.items() if name != first} if first in item else item
    inner = item.get(first)
    if not isinstance(inner, dict) or (shorter := without(inner, rest)) is inner:
        return item
    return {**item, first: shorter}


def order(value: JSON) -> tuple[int, Any]:
    """A key that puts any JSON values in one order: false, true, numbers, texts, then lists and objects; null last."""
    if value is None:
        return 4, 0
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (3, canonical(value))


def number(value: JSON) -> int | float | Decimal | None:
    """A number, or the exact decimal that a text holds; None where the value is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return Decimal(value) if isinstance(value, str) and DECIMAL.match(value) else None


def _put(container: JSON, steps: list[str], value: JSON, path: str) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if container is None or isinstance(container, dict):
        fields = container or {}
        return {**fields, step: _put(fields.get(step), rest, value, path)}
    if not isinstance(container, list) or (index := _index(step, container)) is None:
        raise NoSuchPlace(path, step)
    return [*container[:index], _put(container[index], rest, value, path), *container[index + 1 :]]


def _index(step: str, values: list[Any]) -> int | None:
    return int(step) if step.isdecimal() and step.isascii() and len(step) < 10 and int(step) < len(values) else None
