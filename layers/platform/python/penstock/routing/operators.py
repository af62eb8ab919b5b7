"""What may be asked of a value in a pattern: each operator reads its operand and becomes a test of one scalar.

Texts are compared as they are, character by character. Numbers are equal when their values are; true is not 1.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any, TypeAlias

from penstock.json import JSON
from penstock.workflows.errors import Problem

LARGEST_NUMBER = 5_000_000_000
Test: TypeAlias = Callable[[JSON], bool]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, ">": gt, ">=": ge, "<": lt, "<=": le}
_LOWER, _UPPER = (">", ">="), ("<", "<=")
_ESCAPED = re.compile(r"\\(.?)|(\*+)", re.DOTALL)
_STAR = object()


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong so far. Whoever finds something goes on with a test that nothing meets."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, message: str) -> Test:
        """Note a problem."""
        self.problems.append(Problem(path, "pattern", message))
        return _never


Read: TypeAlias = Callable[[JSON, str, Findings], Test]


def equal_to(values: frozenset[Any]) -> Test:
    """Whether a scalar is one of those whose `key` is given."""
    return lambda found: key(found) in values


def key(scalar: JSON) -> Any:
    """What equal scalars have in common, and others do not."""
    return isinstance(scalar, bool), scalar


def is_number(value: JSON) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _never(_: JSON) -> bool:
    return False


def _of_text(make: Callable[[str], Callable[[str], bool]]) -> Read:
    """An operator whose operand is a text, and that only texts meet."""

    def read(operand: JSON, path: str, findings: Findings) -> Test:
        if not isinstance(operand, str):
            return findings.add(path, "must be a text")
        is_met = make(operand)
        return lambda found: isinstance(found, str) and is_met(found)

    return read


def _or_any_case(make: Callable[[str], Callable[[str], bool]]) -> Read:
    """The same, where `{"equals-ignore-case": text}` may stand for the text."""
    as_it_is = _of_text(make)
    any_case = _of_text(lambda text: lambda found: make(text.casefold())(found.casefold()))

    def read(operand: JSON, path: str, findings: Findings) -> Test:
        if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
            return any_case(operand["equals-ignore-case"], f"{path}.equals-ignore-case", findings)
        return as_it_is(operand, path, findings)

    return read


def _starts_with(text: str) -> Callable[[str], bool]:
    return lambda found: found.startswith(text)


def _ends_with(text: str) -> Callable[[str], bool]:
    return lambda found: found.endswith(text)


def _same_but_for_case(text: str) -> Callable[[str], bool]:
    folded = text.casefold()
    return lambda found: found.casefold() == folded


def _wildcard(operand: JSON, path: str, findings: Findings) -> Test:
    r"""`*` stands for any text; `\*` and `\\` for a star and a backslash."""
    if not isinstance(operand, str):
        return findings.add(path, "must be a text")
    chunks: list[str] = [""]
    end = 0
    for found in _ESCAPED.finditer(operand):
        chunks[-1] += operand[end : found.start()]
        end = found.end()
        if found[2]:
            if len(found[2]) > 1:
                return findings.add(path, "holds ** : one * stands for any text")
            chunks.append("")
        elif found[1] in ("*", "\\"):
            chunks[-1] += found[1]
        else:
            return findings.add(path, "a backslash must stand before a * or another backslash")
    chunks[-1] += operand[end:]
    return lambda value: isinstance(value, str) and _fits(value, chunks)


def _fits(text: str, chunks: list[str]) -> bool:
    """Whether the chunks stand in the text in this order, the first at its beginning, the last at its end.

    The leftmost place for each is as good as any: no way back is needed, however many stars there are.
    """
    first, *middle = chunks
    if not middle:
        return text == first
    last = middle.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for chunk in middle:
        at = text.find(chunk, at, end)
        if at < 0:
            return False
        at += len(chunk)
    return True


def _numeric(operand: JSON, path: str, findings: Findings) -> Test:
    """`["=", 5]`, `[">", 0]`, `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return findings.add(path, 'must be as ["=", 5], [">", 0] or [">", 0, "<=", 5]')
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    before = len(findings.problems)
    for place, (sign, number) in enumerate(pairs):
        if sign not in _COMPARISONS:
            findings.add(f"{path}[{2 * place}]", f"must be one of {', '.join(_COMPARISONS)}")
        if not is_number(number) or not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
            findings.add(f"{path}[{2 * place + 1}]", "must be a number from -5e9 to 5e9")
    if len(findings.problems) > before:
        return _never
    if len(pairs) == 2 and not _is_range(pairs):
        return findings.add(path, "a range needs a lower bound, then an upper bound above it")
    return lambda found: is_number(found) and all(_COMPARISONS[sign](found, number) for sign, number in pairs)


def _is_range(pairs: list[tuple[str, float]]) -> bool:
    (lower, least), (upper, most) = pairs
    return lower in _LOWER and upper in _UPPER and least < most


def _cidr(operand: JSON, path: str, findings: Findings) -> Test:
    try:
        network = ip_network(operand, strict=False) if isinstance(operand, str) and "/" in operand else None
    except ValueError:
        network = None
    if network is None:
        return findings.add(path, "must be a block of addresses: 10.0.0.0/24, 2001:db8::/32")

    def is_inside(found: JSON) -> bool:
        try:
            return isinstance(found, str) and ip_address(found) in network
        except ValueError:
            return False

    return is_inside


def _anything_but(operand: JSON, path: str, findings: Findings) -> Test:
    """A text, a number, a list of either, or an operator for texts with one of them or several."""
    if isinstance(operand, dict):
        return _unlike(operand, path, findings)
    values = operand if isinstance(operand, list) else [operand]
    are_texts, are_numbers = all(isinstance(each, str) for each in values), all(map(is_number, values))
    if not values or not (are_texts or are_numbers):
        return findings.add(path, "must be a text, a number, a list of texts or one of numbers")
    refused = frozenset(map(key, values))
    return lambda found: key(found) not in refused


def _unlike(operand: dict[str, JSON], path: str, findings: Findings) -> Test:
    if len(operand) != 1 or not operand.keys() <= _NEGATED.keys():
        return findings.add(path, f"must hold one of {', '.join(_NEGATED)}")
    ((name, given),) = operand.items()
    values = given if isinstance(given, list) else [given]
    if not values:
        return findings.add(f"{path}.{name}", "must not be empty")
    where = f"{path}.{name}"
    tests = [
        _NEGATED[name](each, f"{where}[{place}]" if isinstance(given, list) else where, findings)
        for place, each in enumerate(values)
    ]
    return lambda found: not any(test(found) for test in tests)


_NEGATED: Mapping[str, Read] = {
    "prefix": _of_text(_starts_with),
    "suffix": _of_text(_ends_with),
    "equals-ignore-case": _of_text(_same_but_for_case),
    "wildcard": _wildcard,
}

OPERATORS: Mapping[str, Read] = {
    **_NEGATED,
    "prefix": _or_any_case(_starts_with),
    "suffix": _or_any_case(_ends_with),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}
"""Every operator but `exists`, which asks of the field and not of a value."""
