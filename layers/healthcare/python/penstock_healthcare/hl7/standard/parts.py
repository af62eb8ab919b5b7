"""What a version asks of the fields of a segment and of the components of a data type."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from penstock_healthcare.hl7.standard.versions import VERSIONS

WITHDRAWN = "X"

_LETTERS = "abcdefghijkl"
_PART = re.compile(
    r"(?P<type>LA[12]|[A-Z_]*)\.?(?P<length>\d*)(?P<required>!?)(?P<repeats>\*?)(?P<most>\d*)(?:#(?P<table>\w+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One field or component: `datatype` is `WITHDRAWN` where the version has taken it out."""

    number: int
    datatype: str
    required: bool
    most: int
    """How many times it may come; 0 is any number of times."""
    longest: int
    """In characters of its encoded text, without repetitions; 0 where the version names no length."""
    table: str
    """Its code table's number, "" without one."""


Rules = tuple[Rule | None, ...]
"""By number; index 0 and what a version does not have yet are None."""


@cache
def field_rules(segment_id: str, version: str) -> Rules | None:
    """None where the version does not have the segment."""
    return _rules(_lines("fields.txt").get(segment_id), version)


@cache
def component_rules(datatype: str, version: str) -> Rules | None:
    """None for primitive data types, and those that the version does not have."""
    return _rules(_lines("components.txt").get(datatype), version)


@cache
def _lines(name: str) -> dict[str, str]:
    text = Path(__file__).with_name(name).read_text(encoding="ascii")
    return dict(line.split(" ", 1) for line in text.splitlines())


def _rules(line: str | None, version: str) -> Rules | None:
    if line is None:
        return None
    letter = _LETTERS[VERSIONS.index(version)]
    tokens = [_token(runs, letter) for runs in line.split(" ")]
    while tokens and tokens[-1] is None:
        tokens.pop()
    rules = [None if token is None else _rule(number, token) for number, token in enumerate(tokens, 1)]
    return (None, *rules) if rules else None


def _token(runs: str, letter: str) -> str | None:
    """The part of the last run that begins at or before the version."""
    found = [run[1:] for run in runs.split("/") if run[0] != "-" and run[0] <= letter]
    return found[-1] if found and found[-1] != "-" else None


def _rule(number: int, token: str) -> Rule:
    part = _PART.match(token)
    if part is None:
        raise ValueError(f"not a part: {token}")
    most = int(part["most"] or 0) if part["repeats"] else 1
    return Rule(number, part["type"], bool(part["required"]), most, int(part["length"] or 0), part["table"] or "")
