"""FHIR JSON whose decimals keep their digits (FHIR R4, section 2.6.2: 1.00 is not 1.0)."""

import json
from decimal import Decimal
from typing import Any

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.formats.faults import DEEPEST, MOST_FAULTS, Fault, Read

LARGEST_EXPONENT = 1_000


class Exact(Decimal):
    """A decimal and its text: `1.00`, `6.02E23`. Raises ValueError when its exponent is over 1000."""

    text: str

    def __new__(cls, text: str) -> "Exact":
        made = super().__new__(cls, text)
        if abs(made.adjusted()) > LARGEST_EXPONENT:
            raise ValueError("a number out of all proportion")
        made.text = text
        return made


def read(content: bytes) -> Read:
    """A resource from JSON text."""
    value, faults = parsed(content)
    if not isinstance(value, dict):
        return Read(None, faults or (Fault("", "json", "A resource is a JSON object."),))
    return Read(value, faults)


def parsed(content: bytes) -> tuple[JSON, tuple[Fault, ...]]:
    """Any value from JSON text, with its faults; None where it is no JSON."""
    faults: list[Fault] = []

    def members(pairs: list[tuple[str, JSON]]) -> JSONObject:
        made = dict(pairs)
        if len(made) != len(pairs) and len(faults) < MOST_FAULTS:
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            faults.append(Fault("", "duplicate-member", f"An object has the member {twice[:64]} more than once."))
        return made

    try:
        value = json.loads(
            content.decode("utf-8"), parse_float=Exact, parse_constant=_refuse, object_pairs_hook=members
        )
    except json.JSONDecodeError as error:
        return None, (Fault("", "json", f"Not JSON: {error.msg} in line {error.lineno}, column {error.colno}."),)
    except UnicodeDecodeError as error:
        return None, (Fault("", "encoding", f"Not UTF-8: byte {error.start + 1} cannot be read."),)
    except ValueError as error:
        return None, (Fault("", "json", f"Not JSON as FHIR has it: {error}."),)
    except RecursionError:
        return None, (Fault("", "depth", f"Nested more than {DEEPEST} deep."),)
    return value, tuple(faults)


def _refuse(_: str) -> Any:
    raise ValueError("NaN and Infinity are no numbers")


def write(value: JSON, *, indent: bool = False) -> str:
    """JSON text, every number as it was written. Raises TypeError, ValueError for what JSON cannot hold."""
    return _write(value, "\n" if indent else "", 0)


def _write(value: JSON, line: str, depth: int) -> str:
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")
    inner = f"{line}{'  ' * (depth + 1)}" if line else ""
    outer = f"{line}{'  ' * depth}" if line else ""
    if isinstance(value, dict):
        colon = ": " if line else ":"
        parts = [f"{inner}{_plain(name)}{colon}{_write(each, line, depth + 1)}" for name, each in value.items()]
        return "{" + ",".join(parts) + (outer if parts else "") + "}"
    if isinstance(value, list | tuple):
        parts = [inner + _write(each, line, depth + 1) for each in value]
        return "[" + ",".join(parts) + (outer if parts else "") + "]"
    if isinstance(value, Decimal):
        return value.text if isinstance(value, Exact) else str(value)
    return _plain(value)


def _plain(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
