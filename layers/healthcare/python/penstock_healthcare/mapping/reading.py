"""Runs a map forward: fields or components → the elements of an object."""

import copy
import itertools
from collections.abc import Callable, Sequence
from functools import cache

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7 import NULL, BadValue, Segment
from penstock_healthcare.mapping import concepts, primitives, tables
from penstock_healthcare.mapping.datatypes import SPECIAL, later, reference
from penstock_healthcare.mapping.notation import Step
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.primitives import Reader
from penstock_healthcare.mapping.run import Run, says
from penstock_healthcare.mapping.segments import WHOLE
from penstock_healthcare.mapping.tables import Condition, Line, Place, Table

ALTERNATE = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
Around = Callable[[str], Segment | None]
"""The nearest segment with an id: of the group, of one around it, or the message's header."""


@cache
def reader(kind: str) -> Reader:
    """What a map's type column names. Raises LookupError."""
    name, _, argument = kind.partition(":")
    for plain in (primitives.PLAIN, concepts.PLAIN):
        if kind in plain:
            return plain[kind]
    if name in concepts.NAMED:
        return concepts.NAMED[name](argument)
    if name in SPECIAL:
        return SPECIAL[name](argument, reader)
    table = tables.datatype(argument if name == "ref" else name)
    if table is None:
        raise LookupError(f"there is no type {kind!r}")
    return reference(table, read_part) if name == "ref" else lambda part, run: read_part(table, part, run)


def fill(table: Table, segment: Segment, around: Around, run: Run, place: str, obj: JSONObject) -> None:
    """Add to the object what the map finds in the segment; what cannot be read is noted and left out."""
    fields = segment.fields
    for line in table.lines:
        if line.place is None:
            if line.condition is None or holds(line.condition, segment, around):
                put(obj, line, copy.deepcopy(line.template))
            continue
        if line.type in WHOLE:
            WHOLE[line.type](segment, run, place, obj)
            continue
        # Most fields are empty: this is what a message's mapping does most often.
        name, number, _ = line.place
        text = field(line.place, segment, around) if name else fields[number] if number < len(fields) else ""
        if text and (line.condition is None or holds(line.condition, segment, around)):
            _fill_line(line, text, segment, run, place, obj)


def _fill_line(line: Line, text: str, segment: Segment, run: Run, place: str, obj: JSONObject) -> None:
    name, number, inner = line.place or ("", 0, ())
    place = name or place
    marks, codec = segment.separators, segment.codec
    read = _later(line, segment) if line.type.startswith("plus:") else reader(line.type)
    for index, raw in enumerate(text.split(marks.repetition)):
        if not raw or raw == NULL:
            continue
        run.at = f"{place}-{number}[{index}]" if index else f"{place}-{number}"
        part = Part(raw, marks, codec)
        for step in inner:
            part = part[step]
        try:
            value = read(part, run)
        except BadValue as error:
            run.note(run.at, f"datatype-{error.datatype}", f"left out: expected {error.expected}")
            continue
        _keep(line, value, run, obj)
        if not line.many and says(value):
            return


def _later(line: Line, segment: Segment) -> Reader:
    """`plus:9,10`: the time in hand, later by the amount in the one field and the unit in the other (0: minutes)."""
    amount, unit = (int(each) for each in line.type.partition(":")[2].split(","))
    length = segment.value(amount), segment.value(unit) if unit else "MIN"
    return lambda part, run: later(part, *length, run)


def read_part(table: Table, part: Part, run: Run) -> JSONObject | None:
    """A composite: the object that a data type's map makes of its components; None where it says too little."""
    obj: JSONObject = {}
    for line in table.lines:
        if line.place is None:
            put(obj, line, copy.deepcopy(line.template))
            continue
        _, number, inner = line.place
        if number and not part.text(number) and not (number <= len(part) and part.texts[number - 1]):
            continue
        inside = part[number] if number else part
        for step in inner:
            inside = inside[step]
        if line.condition is None or _part_holds(line.condition, part):
            _keep(line, reader(line.type)(inside, run), run, obj)
    return obj if all(need in obj for need in table.needs) and obj else None


def _keep(line: Line, value: JSON, run: Run, obj: JSONObject) -> None:
    if says(value):
        put(obj, line, filled(line.template, value) if line.template is not None else value)
    if run.original is not None:
        _put_original(obj, line, run.original)
        run.original = None


def put(obj: JSONObject, line: Line, value: JSON) -> None:
    """Set the line's element, unless something stands there; append to it, where the line takes many."""
    if not line.target:
        _add(obj, value)
        return
    here, last = reach(obj, line.target), line.target[-1]
    if line.many:
        here.setdefault(last, []).extend(value if isinstance(value, list) else [value])
    elif isinstance(last, int):
        here.extend({} for _ in range(last + 1 - len(here)))
        _add(here[last], value)
    elif isinstance(there := here.get(last), dict) and there.keys() == {"text"} and isinstance(value, dict):
        _add(there, value)
    else:
        here.setdefault(last, value)


def _add(obj: JSONObject, more: JSONObject) -> None:
    for name, part in more.items():
        obj.setdefault(name, part)


def reach(obj: JSONObject, steps: Sequence[Step]) -> JSON:
    """What holds the last of these steps, made where it is not yet: a list where that step is a number."""
    here: JSON = obj
    for step, following in itertools.pairwise(steps):
        if isinstance(step, int):
            here.extend({} for _ in range(step + 1 - len(here)))
            here = here[step]
        else:
            here = here.setdefault(step, [] if isinstance(following, int) else {})
    return here


def _put_original(obj: JSONObject, line: Line, concept: JSONObject) -> None:
    """The code as it was sent, beside the one that FHIR has for it."""
    here, last = reach(obj, line.target), line.target[-1]
    beside = {"extension": [{"url": ALTERNATE, "valueCodeableConcept": concept}]}
    if not line.many:
        here.setdefault(f"_{last}", beside)
        return
    codes = here.get(last, [])
    if codes:
        extras = here.setdefault(f"_{last}", [])
        extras.extend([None] * (len(codes) - 1 - len(extras)))
        extras.append(beside)


def filled(shape: JSON, value: JSON) -> JSON:
    """A template with the value in its place."""
    if shape == "$":
        return value
    if isinstance(shape, dict):
        return {name: filled(part, value) for name, part in shape.items()}
    return [filled(part, value) for part in shape] if isinstance(shape, list) else shape


def field(place: Place, segment: Segment, around: Around) -> str:
    """The encoded text of the place's field: of the segment in hand, or the nearest with that id."""
    name, number, _ = place
    found = segment if not name or segment.id == name else around(name)
    if found is None or number >= len(found.fields):
        return ""
    return found.fields[number]


def holds(condition: Condition, segment: Segment, around: Around) -> bool:
    """Whether a condition holds for a segment."""
    _, _, inner = condition.place
    text = field(condition.place, segment, around)
    if not text:
        return not condition.wanted
    part = Part(text.split(segment.separators.repetition, 1)[0], segment.separators, segment.codec)
    for step in inner:
        part = part[step]
    value = part.value if condition.values or inner else part.raw.replace(NULL, "")
    return (value in condition.values if condition.values else bool(value)) == condition.wanted


def _part_holds(condition: Condition, part: Part) -> bool:
    value = part.text(condition.place[1])
    return (value in condition.values if condition.values else bool(value)) == condition.wanted
