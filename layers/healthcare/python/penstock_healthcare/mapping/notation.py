"""The grammar of the map files: lines of columns that two or more spaces part; `#` begins a comment.

A segment or data type map, `<source>  <target>  <type>[  <template>][  if|unless <condition>]`:

    8           gender          code:AdministrativeSex
    7           participant[]   ref:XCN   {"type": [...], "individual": $}
    7           effectivePeriod.start   dateTime   if 8
    1           .               -         set id
    10          .               -!        race: no element in base R4

A source is a field with its components (`17.1`), another segment's (`MSH-9.2`), or `*` for what is always said. A
target ending in `[]` takes every repetition, any other the first; `.` is the object itself. `-` is a field that says
nothing by itself, `-!` one that R4 has no place for, with the reason. In a template, `$` is the value; `tx:` and `sd:`
stand for HL7's terminology and its StructureDefinitions. Before the lines may stand `needs <element> …`: without
one of them there is no object, and `resource <Type>`: what the data type describes is a resource of its own.

A condition is a source, alone (valued) or with `=A,B` (is one of).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from penstock.json import JSON, loads

ABBREVIATIONS = {
    '"tx:': '"http://terminology.hl7.org/CodeSystem/',
    '"sd:': '"http://hl7.org/fhir/StructureDefinition/',
}
_COLUMNS = re.compile(r"\s{2,}")
_SOURCE = re.compile(r"(?:([A-Z][A-Z0-9]{2})-)?(\d+)((?:\.\d+)*)\Z")
_STEP = re.compile(r"([^.\[\]]+)(\[(\d*)\])?")

Step = str | int
"""A name; a number for the place in a list."""


def lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line's indentation and columns; comments and blank lines are left out."""
    for line in file.read_text(encoding="utf-8").splitlines():
        text = line.split(" #")[0].rstrip() if not line.startswith("#") else ""
        if text:
            yield len(text) - len(text.lstrip()), _COLUMNS.split(text.strip())


def source(text: str) -> tuple[str, int, tuple[int, ...]]:
    """`PV1-3.4.1` → ("PV1", 3, (4, 1)); "" for the segment in hand. Raises ValueError."""
    match = _SOURCE.match(text)
    if match is None:
        raise ValueError(f"{text!r} names no field")
    inner = tuple(int(each) for each in match[3].split(".") if each)
    return match[1] or "", int(match[2]), inner


def target(text: str) -> tuple[tuple[Step, ...], bool]:
    """`reaction[0].manifestation[]` → (("reaction", 0, "manifestation"), True): the steps, and whether it repeats."""
    steps: list[Step] = []
    for name, index, number in _STEP.findall(text):
        steps.append(name)
        if index and number:
            steps.append(int(number))
    return tuple(steps), text.endswith("[]")


def template(text: str) -> JSON:
    """A template's JSON; `$` as a value of its own is the place of the value."""
    for short, full in ABBREVIATIONS.items():
        text = text.replace(short, full)
    return loads(re.sub(r"(?<=[:\[ ])\$(?=[,}\]])", '"$"', text))


def uri(text: str) -> str:
    """`tx:v2-0203` in full."""
    for short, full in ABBREVIATIONS.items():
        if text.startswith(short[1:]):
            return full[1:] + text[len(short) - 1 :]
    return text
