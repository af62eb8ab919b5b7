"""Paths: ``PID-3[0].4.1`` is segment PID, field 3, first repetition, component 4, subcomponent 1.

Segments and repetitions count from 0 in brackets (``OBX[2]-5`` is OBX-5 of the third OBX), fields, components and
subcomponents from 1 as the standard does. What is left out is the first: ``PID-5`` addresses ``PID[0]-5[0].1.1``.

Names of the dictionary do as well: ``PID.patient_identifier_list[1].id_number`` is ``PID-3[1].1``.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from penstock_healthcare.hl7.dictionary import Layout, Part, datatype_layout, segment_layout
from penstock_healthcare.hl7.errors import BadPath

_PATH = re.compile(
    r"([A-Za-z][A-Za-z0-9]{2})(?:\[(\d{1,4})\])?"
    r"(?:-(\d{1,3})(?:\[(\d{1,4})\])?(?:[.-](\d{1,3})(?:[.-](\d{1,3}))?)?)?\Z"
)

_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9]{2})(?:\[(\d{1,4})\])?\.([a-z]\w*)(?:\[(\d{1,4})\])?((?:\.[a-z]\w*){0,2})\Z")


class Path(NamedTuple):
    """A parsed path; ``field`` is 0 when the path names a whole segment."""

    segment: str
    occurrence: int = 0
    field: int = 0
    repetition: int = 0
    component: int = 1
    subcomponent: int = 1
    depth: int = 0
    """How many of field, component and subcomponent were written out: what `raw` reads and writes."""
    repeats: bool = False
    """Whether a repetition was written out."""

    def __str__(self) -> str:
        where = f"{self.segment}[{self.occurrence}]" if self.occurrence else self.segment
        if not self.field:
            return where
        repetition = f"[{self.repetition}]" if self.repeats else ""
        tail = "".join(f".{n}" for n in (self.component, self.subcomponent)[: self.depth - 1])
        return f"{where}-{self.field}{repetition}{tail}"


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Raises `BadPath`."""
    match = _PATH.match(text)
    if match is None:
        return _parse_names(text)
    name, index, field, repetition, component, subcomponent = match.groups()
    if any(number is not None and int(number) == 0 for number in (field, component, subcomponent)):
        raise BadPath(text, "fields, components and subcomponents count from 1")
    return Path(
        name.upper(),
        int(index or 0),
        int(field or 0),
        int(repetition or 0),
        int(component or 1),
        int(subcomponent or 1),
        sum(part is not None for part in (field, component, subcomponent)),
        repetition is not None,
    )


def _parse_names(text: str) -> Path:
    match = _NAMED.match(text)
    if match is None:
        raise BadPath(text, "expected a form like PID-3[0].4.1 or PID.patient_name.given_name")
    name, index, field, repetition, inner = match.groups()
    part = _named(segment_layout(name.upper()), field, text)
    numbers = [part.number]
    for each in inner.split(".")[1:]:
        part = _named(datatype_layout(part.datatype), each, text)
        numbers.append(part.number)
    component, subcomponent = (*numbers[1:], 1, 1)[:2]
    return Path(
        name.upper(),
        int(index or 0),
        numbers[0],
        int(repetition or 0),
        component,
        subcomponent,
        len(numbers),
        repetition is not None,
    )


def _named(layout: Layout | None, name: str, path: str) -> Part:
    part = layout.by_name.get(name) if layout else None
    if part is None:
        raise BadPath(path, f"no part is named {name}")
    return part
