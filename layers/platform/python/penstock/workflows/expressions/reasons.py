"""Turn what QuickJS says into a reason that is safe to log and store.

A JavaScript error's message can quote item data (`JSON.parse($json.note)`, `throw Error($json.ssn)`). Only
messages of a known form are passed on, and only when what they quote stands in the expression's own source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from penstock.workflows.expressions.errors import Limit

Kind = Literal["syntax", "runtime", "limit"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an evaluation gave no value."""

    kind: Kind
    reason: str
    limit: Limit = "time"


_LIMITS: Final[tuple[tuple[re.Pattern[str], Failure], ...]] = (
    (re.compile(r"InternalError: interrupted"), Failure("limit", "it ran longer than its time limit", "time")),
    (re.compile(r"InternalError: out of memory|null$"), Failure("limit", "it used more than its memory", "memory")),
    (re.compile(r"RangeError: Maximum call stack"), Failure("limit", "it calls itself too deeply", "stack")),
    (re.compile(r"TypeError: the result is too large"), Failure("limit", "its result is too large", "result")),
)
KILLED: Final = Failure("limit", "it ran longer than its time limit, or crashed the sandbox", "time")

_KNOWN: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"cannot (?:read|set) property '(.*)' of (?:undefined|null)",
        r"(.*) is not defined",
        r"(?:(.*) is )?not a function",
        r"not an? \w+",
        r"(?:value|object|(.*)) is not iterable",
        r"'(.*)' is read-only",
        r"no setter for property(?: '(.*)')?",
        r"(.*) is not initialized",
        r"invalid '(\w+)' operand",
        r"invalid (?:array length|array index|string length|date|number value|operand|regexp.*|date or time)",
        r"cannot convert \w+ to \w+",
        r"cannot convert to \w+",
        r"cannot mix BigInt and other types.*",
        r"Do not know how to serialize a BigInt|BigInt value can't be serialized in JSON",
        r"circular reference",
        r"(?:must be between \d+ and \d+|to\w+\(\) (?:argument|digits|radix) must be between \d+ and \d+)",
        r"(?:Date value is NaN|Invalid time value|invalid time value)",
        r"reduce of empty array with no initial value|empty array",
        r"object is not extensible",
        r"the result holds an? \w+",
        r'node "(.*)" has no output yet',
        r'input port "(.*)" has no output yet',
        r"\$input has no output yet",
        r'node "(.*)" and this input differ in length: use \.first\(\), \.last\(\) or \.all\(\)',
        r"unknown unit of time",
    )
)
_ERROR_NAMES: Final = frozenset(
    {"Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError", "URIError", "EvalError", "InternalError"}
)


def judge(letter: str, text: str, source: str) -> Failure:
    """The failure that the sandbox's answer (its letter and text) stands for."""
    line = text.partition("\n")[0]
    for pattern, failure in _LIMITS:
        if pattern.match(line):
            return failure
    name, _, message = line.partition(": ")
    if letter == "S":
        return Failure("syntax", _without_prelude(message) if name == "SyntaxError" else "it does not parse")
    if letter == "X":
        return Failure("runtime", "the sandbox could not handle it")
    return Failure("runtime", message if _is_safe(message, source) else _withheld(name))


def _is_safe(message: str, source: str) -> bool:
    for pattern in _KNOWN:
        if match := pattern.fullmatch(message):
            return all(quoted is None or quoted in source for quoted in match.groups())
    return False


def _withheld(name: str) -> str:
    kind = name if name in _ERROR_NAMES else "error"
    return f"it threw an {kind}" if kind[0] in "EIae" else f"it threw a {kind}"


def _without_prelude(message: str) -> str:
    """QuickJS's message without what it says of the text that we put around the expression."""
    return re.sub(r"\s+", " ", message).strip() or "it is not one JavaScript expression"
