"""A message as one JSON object, for workflow items and the API.

    {"type": "ORU^R01", "structure": "ORU_R01", "control_id": "M1", "version": "2.5.1",
     "segments": [{"id": "MSH", "fields": {...}}, ...],          every segment, in order
     "PID": {"3": [{"1": "123", "4": {"1": "HOSP"}}], "7": "19700101"},
     "OBX": [{"2": "NM", "3": {"1": "2823-3"}, "5": ["6.9"]}]}

Keys are the standard's numbers. The shape of a place depends on the standard, not on what a sender happened to put
there: a field that may repeat is a list, a composite data type is an object, everything else is a string (numbers
too: their digits stay exact). Surplus parts make an object or a list where the standard has none, so nothing is lost.
Absent and empty parts are left out; a null (``""``) is null. Segments that a message has once (`ONCE`) are objects,
all others lists, also for a single occurrence.
"""

from typing import Any

from penstock_healthcare.hl7.dictionary import datatype_layout, segment_layout
from penstock_healthcare.hl7.element import Element, Subcomponent
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.separators import is_header

ONCE = frozenset(
    {"MSH", "EVN", "PID", "PD1", "PV1", "PV2", "MRG", "SCH", "TXA", "MSA", "QRD", "QPD", "QAK", "RF1", "ACC"}
)

Json = str | None | dict[str, Any] | list[Any]


def to_json(message: Message) -> dict[str, Any]:
    """The object described above; a segment of `ONCE` that occurs twice is there by its first, and in ``segments``."""
    segments = [{"id": segment.id, "fields": segment_to_json(segment)} for segment in message]
    by_id: dict[str, Any] = {}
    for segment in segments:
        name, fields = segment["id"], segment["fields"]
        if name in ONCE:
            by_id.setdefault(str(name), fields)
        else:
            by_id.setdefault(str(name), []).append(fields)
    head = {
        "type": message.type,
        "structure": message.structure,
        "control_id": message.control_id,
        "version": message.version,
    }
    return head | {"segments": segments} | by_id


def segment_to_json(segment: Segment) -> dict[str, Json]:
    """Fields by number; those not valued are left out."""
    numbers = range(1, len(segment) + 1)
    return {str(number): _field(segment, number) for number in numbers if segment.fields[number]}


def _field(segment: Segment, number: int) -> Json:
    if number <= 2 and is_header(segment.id):
        return segment.fields[number]
    field = segment[number]
    layout = segment_layout(segment.id)
    part = layout.part(number) if layout else None
    if (part and part.repeats) or len(field) > 1:
        return [_element(repetition) for repetition in field]
    return _element(field[0])


def _element(element: Element) -> Json:
    if element.is_null:
        return None
    if isinstance(element, Subcomponent) or (datatype_layout(element.datatype) is None and len(element) < 2):
        return element.value
    return {str(number): _element(part) for number, part in enumerate(element, 1) if part.raw}
