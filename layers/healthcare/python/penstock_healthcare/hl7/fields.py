"""Findings about the fields of one segment: usage, cardinality, length, data types and codes, down to subcomponents.

What a version asks of a field is compiled once into a `_Check`; looking at a field that is in order then costs little.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from penstock_healthcare.hl7 import standard, values
from penstock_healthcare.hl7.errors import BadValue
from penstock_healthcare.hl7.finding import Finding, Level
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.separators import Separators, is_header

_FORMATS: dict[str, Callable[[str], object]] = {
    "DTM": values.parse_timestamp,
    "TS": values.parse_timestamp,
    "DT": values.parse_date,
    "TM": values.parse_time,
    "NM": values.parse_number,
    "SI": values.parse_sequence_id,
}
_PRIMITIVE = frozenset({"ST", "NM", "SI", "ID", "IS", "DT", "DTM", "TM"})

_LENIENT: dict[tuple[str, int], Level] = {("MSH", 11): "warning", ("MSH", 12): "warning"}
"""Required fields that receivers do without."""


@dataclass(frozen=True, slots=True)
class _Check:
    """What is asked of one field, component or subcomponent. Without parts it is primitive."""

    number: int
    datatype: str
    required: bool = False
    most: int = 0
    longest: int = 0
    """Of a primitive; a composite's parts have their own."""
    read: Callable[[str], object] | None = None
    codes: frozenset[str] | None = None
    """Of HL7's own table; those of user-defined tables (IS) are suggestions that a site adds to."""
    parts: "tuple[_Check | None, ...]" = ()
    """By number; index 0 is None."""
    needed: tuple[int, ...] = ()
    """Numbers of the parts that are required."""
    free: int = -1
    """Up to this many characters any text will do, and nobody has to look closer: true of most fields."""


@cache
def _segment_check(segment_id: str, version: str) -> _Check:
    """The fields as the version has them, else as the next newer, else as the last older one that has the segment."""
    begin = standard.VERSIONS.index(version)
    known = (*standard.VERSIONS[begin:], *reversed(standard.VERSIONS[:begin]))
    for name in known:
        rules = standard.field_rules(segment_id, name)
        if rules:
            return _composite(0, segment_id, rules, name, 1)
    return _Check(0, segment_id)


def _composite(number: int, datatype: str, rules: standard.Rules, version: str, depth: int) -> _Check:
    parts = tuple(None if rule is None else _compiled(rule, version, depth) for rule in rules)
    needed = tuple(part.number for part in parts if part and part.required)
    return _Check(number, datatype, parts=parts, needed=needed)


def _compiled(rule: standard.Rule, version: str, depth: int) -> _Check:
    """`depth` is 1 for a field, 2 for a component, 3 for a subcomponent, which has no parts."""
    read = _FORMATS.get(rule.datatype)
    inner = standard.component_rules(rule.datatype, version) if depth < 3 and read is None else None
    whole = _composite(rule.number, rule.datatype, inner, version, depth + 1) if inner else None
    codes = standard.table(rule.table) if rule.table and rule.datatype == "ID" else None
    is_free = read is None and codes is None and whole is None and rule.datatype != standard.WITHDRAWN
    return _Check(
        rule.number,
        rule.datatype,
        rule.required,
        rule.most,
        rule.longest,
        read,
        codes,
        whole.parts if whole else (),
        whole.needed if whole else (),
        (rule.longest or sys.maxsize) if is_free else -1,
    )


def check_fields(segment: Segment, place: str, version: standard.Version) -> Iterator[Finding]:
    """Findings in order of the fields; none beyond usage and types for a segment that no version has."""
    check = _segment_check(segment.id, version.name)
    fields, marks, checks = segment.fields, segment.separators, check.parts
    for number in check.needed:
        if number >= len(fields) or not _is_valued(segment, number):
            level = _LENIENT.get((segment.id, number), "error")
            yield Finding(f"{place}-{number}", level, "required", "the field is required and missing", "101")
    if segment.id == "OBX" and segment[5].raw and not segment.value(2):
        text = "an observation value needs its value type in OBX-2"
        yield Finding(f"{place}-2", "error", "required", text, "101")
    for number in range(3 if is_header(segment.id) else 1, len(fields)):
        text = fields[number]
        if not text:
            continue
        asked = checks[number] if number < len(checks) else None
        if asked is None:
            if checks and not version.open:
                what = "the version does not have this field"
                yield Finding(f"{place}-{number}", "information", "surplus", what)
            continue
        if asked.datatype == "VARIES" and segment.id == "OBX":
            asked = _varying(segment.value(2), version.name)
        if len(text) <= asked.free and marks.repetition not in text and marks.component not in text:
            continue
        yield from _check_field(asked, text, f"{place}-{number}", marks, version.open)


def _is_valued(segment: Segment, number: int) -> bool:
    """Delimiters alone are no value; in a header the first part is what counts, since nobody can go on without it."""
    if is_header(segment.id):
        return bool(segment.value(number))
    marks = segment.separators
    return bool(segment.fields[number].strip(marks.repetition + marks.component + marks.subcomponent))


@cache
def _varying(datatype: str, version: str) -> _Check:
    """OBX-5 in the data type that OBX-2 states."""
    return _compiled(standard.Rule(5, datatype, required=False, most=0, longest=0, table=""), version, 1)


def _check_field(check: _Check, text: str, path: str, marks: Separators, is_open: bool) -> Iterator[Finding]:
    if check.datatype == standard.WITHDRAWN:
        if not is_open:
            yield Finding(path, "information", "withdrawn", "the version has withdrawn this field")
        return
    if marks.repetition not in text:
        yield from _check_element(check, text, path, marks, is_open)
        return
    repetitions = text.split(marks.repetition)
    if check.most and len(repetitions) > check.most:
        what = "the field comes more often than the version allows"
        yield Finding(path, "warning", "repetitions", what)
    for index, repetition in enumerate(repetitions):
        yield from _check_element(check, repetition, f"{path}[{index}]" if index else path, marks, is_open)


def _check_element(check: _Check, text: str, path: str, marks: Separators, is_open: bool) -> Iterator[Finding]:
    """One repetition; a null says nothing of its type."""
    if not text or text == values.NULL:
        return
    if check.parts:
        yield from _check_parts(check, text, path, marks, is_open, marks.component)
        return
    first, *others = text.split(marks.component, 1)
    if others and others[0] and check.datatype in _PRIMITIVE:
        yield Finding(path, "information", "surplus", "the data type of this field has no parts")
    yield from _check_leaf(check, first, path, marks, is_open)


def _check_parts(check: _Check, text: str, path: str, marks: Separators, is_open: bool, mark: str) -> Iterator[Finding]:
    texts = text.split(mark)
    for number in check.needed:
        if number > len(texts) or not texts[number - 1]:
            what = "this part of the data type is required and missing"
            yield Finding(f"{path}.{number}", "warning", "required", what, "101")
    for number, part in enumerate(texts, 1):
        if not part or part == values.NULL:
            continue
        asked = check.parts[number] if number < len(check.parts) else None
        if asked is None:
            if not is_open:
                yield Finding(f"{path}.{number}", "information", "surplus", "the data type does not have this part")
            if number >= len(check.parts):
                return
            continue
        if len(part) <= asked.free:
            continue
        where = f"{path}.{number}"
        if asked.parts:
            yield from _check_parts(asked, part, where, marks, is_open, marks.subcomponent)
        else:
            yield from _check_leaf(asked, part, where, marks, is_open)


def _check_leaf(check: _Check, text: str, path: str, marks: Separators, is_open: bool) -> Iterator[Finding]:
    value = text.split(marks.subcomponent, 1)[0] if marks.subcomponent in text else text
    if not value or value == values.NULL:
        return
    if check.longest and len(value) > check.longest:
        what = f"longer than the {check.longest} characters of the version"
        yield Finding(path, "information", "length", what, "104")
    if check.read is not None:
        try:
            check.read(value)
        except BadValue as error:
            what = f"not a valid {error.datatype}: expected {error.expected}"
            yield Finding(path, "error", f"datatype-{error.datatype}", what, "102")
    elif check.codes is not None and value not in check.codes and not is_open:
        yield Finding(path, "warning", "table", "the code is in no version of its table", "103")
