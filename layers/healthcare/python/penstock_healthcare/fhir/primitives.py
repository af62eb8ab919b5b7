"""FHIR's primitive types (R4, section 2.24.0): what text they may have, and which JSON type carries them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_NUMBERS = INTEGERS | {"decimal"}
_YEAR = r"(?!0000)\d{4}"
_DATE = rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_OFFSET = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_DAY = rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_LARGEST_INTEGER = 2**31 - 1
_LONGEST_STRING = 1_048_576
PATTERNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "boolean": "true|false",
        "integer": r"0|[-+]?[1-9]\d*",
        "positiveInt": r"\+?[1-9]\d*",
        "unsignedInt": r"0|[1-9]\d*",
        "decimal": r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?",
        "date": _DATE,
        "dateTime": rf"{_DATE}|{_DAY}T{_CLOCK}{_OFFSET}",
        "instant": rf"{_DAY}T{_CLOCK}{_OFFSET}",
        "time": _CLOCK,
        "code": r"\S+( \S+)*",
        "id": r"[A-Za-z0-9\-.]{1,64}",
        "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
        "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "uri": r"\S*",
        "url": r"\S*",
        "canonical": r"\S*",
    }.items()
}
_BASE64 = re.compile(r"[0-9A-Za-z+/]*={0,2}", re.ASCII)
_SPACES = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_EXPECTED: Mapping[str, str] = {
    "date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with an offset or Z",
    "instant": "YYYY-MM-DDThh:mm:ss with an offset or Z",
    "time": "hh:mm:ss",
    "code": "text without leading, trailing or double spaces",
    "id": "1 to 64 letters, digits, hyphens and dots",
    "oid": "urn:oid: and numbers with dots",
    "uuid": "urn:uuid: and a UUID in lower case",
    "uri": "a URI without spaces",
    "url": "a URL without spaces",
    "canonical": "a URL without spaces",
    "positiveInt": "a whole number from 1",
    "unsignedInt": "a whole number from 0",
    "integer": "a whole number",
    "decimal": "a decimal number",
    "boolean": "true or false",
}


def fault(value: Any, code: str) -> str | None:
    """What is wrong with a primitive's value, in a sentence that does not quote it."""
    if code == "boolean":
        return None if isinstance(value, bool) else f"A {code} is true or false, without quotes."
    if code in _NUMBERS:
        return _number_fault(value, code)
    if not isinstance(value, str):
        return f"A value of type {code} is text in quotes."
    if not value:
        return "A value must not be empty."
    return _text_fault(value, code)


def _number_fault(value: Any, code: str) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return f"A value of type {code} is {_EXPECTED[code]}, without quotes."
    if code == "decimal":
        return None
    if not isinstance(value, int) or not PATTERNS[code].fullmatch(str(value)):
        return f"A value of type {code} is {_EXPECTED[code]}."
    return f"A value of type {code} is at most {_LARGEST_INTEGER}." if abs(value) > _LARGEST_INTEGER + 1 else None


def _text_fault(value: str, code: str) -> str | None:
    if pattern := PATTERNS.get(code):
        if not pattern.fullmatch(value):
            return f"A value of type {code} is {_EXPECTED[code]}."
        return _DEEPER[code](value) if code in _DEEPER else None
    if code == "base64Binary":
        return _base64_fault(value)
    return None if code == "xhtml" else _string_fault(value, code)


def _string_fault(value: str, code: str) -> str | None:
    if len(value) > _LONGEST_STRING:
        return f"A {code} has at most {_LONGEST_STRING} characters."
    if value.isspace():
        return "A value must have more than spaces."
    return "A value must have no control characters." if _CONTROL.search(value) else None


def _base64_fault(value: str) -> str | None:
    bare = _SPACES.sub("", value)
    return None if len(bare) % 4 == 0 and _BASE64.fullmatch(bare) else "A value of type base64Binary is Base64."


def _calendar_fault(value: str) -> str | None:
    day = value.partition("T")[0]
    if len(day) < 10:
        return None
    try:
        date.fromisoformat(day)
    except ValueError:
        return "There is no such day in the calendar."
    return None


def _urn_fault(value: str) -> str | None:
    """A URI that holds a UUID or an OID holds a right one (FHIR R4, section 2.24.0.1, uri)."""
    value = value.partition("|")[0].partition("#")[0]
    for kind in ("uuid", "oid"):
        if value.startswith(f"{kind}:"):
            return f"A {kind.upper()} as a URI begins with urn:{kind}:."
        if value.startswith(f"urn:{kind}:") and not PATTERNS[kind].fullmatch(value.lower()):
            return f"A URI that begins with urn:{kind}: holds {_EXPECTED[kind].partition(' and ')[2]}."
    return None


_DEEPER: Mapping[str, Callable[[str], str | None]] = {
    "date": _calendar_fault,
    "dateTime": _calendar_fault,
    "instant": _calendar_fault,
    "uri": _urn_fault,
    "url": _urn_fault,
    "canonical": _urn_fault,
}
