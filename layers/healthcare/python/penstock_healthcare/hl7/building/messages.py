"""Builders of whole messages. All raise `Invalid`, and `Unwritable` for what the charset cannot hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from penstock_healthcare.hl7 import standard
from penstock_healthcare.hl7.building.appointments import Appointment
from penstock_healthcare.hl7.building.orders import Document, Observation, Order
from penstock_healthcare.hl7.building.patients import Allergy, Contact, Diagnosis, Insurance, Patient, Visit
from penstock_healthcare.hl7.building.segments import Fields, Header, lines, segment
from penstock_healthcare.hl7.building.values import Identifier, Name
from penstock_healthcare.hl7.checking import check
from penstock_healthcare.hl7.errors import Invalid
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.parsing import parse

ADT_EVENTS = frozenset(
    [f"A{number:02}" for number in (*range(1, 17), *range(21, 24), *range(25, 30), *range(31, 34))]
    + ["A38", "A40", "A41", "A42", "A52", "A53", "A54", "A55", "A61", "A62"]
)
MDM_EVENTS = frozenset(f"T{number:02}" for number in range(1, 12))
SIU_EVENTS = frozenset([*(f"S{number}" for number in range(12, 25)), "S26", "S27"])

_ACTIONS = {"S12": "A", "S15": "D", "S16": "D", "S17": "D"}
"""Of table 0206, for the resources of an appointment; all others update."""

_RESOURCE_ORDER = ("AIS", "AIG", "AIL", "AIP")


def adt(
    event: str,
    header: Header,
    patient: Patient,
    visit: Visit | None = None,
    *,
    occurred_at: datetime | None = None,
    merged: Identifier | None = None,
    merged_name: Name | None = None,
    contacts: Sequence[Contact] = (),
    observations: Sequence[Observation] = (),
    allergies: Sequence[Allergy] = (),
    diagnoses: Sequence[Diagnosis] = (),
    insurances: Sequence[Insurance] = (),
    extra: Iterable[str] = (),
) -> Message:
    """An ADT for one of `ADT_EVENTS`. ``merged`` is the number that goes up in the patient's (A40 to A42).

    ``extra`` are encoded segments of the caller's own (Z-segments), at the end.
    """
    recorded = {2: occurred_at or header.timestamp}
    found = [
        segment("EVN", recorded if header.is_from("2.7") else {1: event, **recorded}),
        segment("PID", patient.fields()),
        *([segment("MRG", {1: merged, 7: merged_name})] if merged else []),
        *_numbered("NK1", (each.fields for each in contacts)),
        *([segment("PV1", visit.fields())] if visit else []),
        *(segment("OBX", each.fields(number, header)) for number, each in enumerate(observations, 1)),
        *_numbered("AL1", (each.fields for each in allergies)),
        *_numbered("DG1", (each.fields for each in diagnoses)),
        *_numbered("IN1", (each.fields for each in insurances)),
        *extra,
    ]
    return _message(header, "ADT", event, found)


def orm(header: Header, patient: Patient, orders: Sequence[Order], visit: Visit | None = None) -> Message:
    """ORM^O01, the general order of versions before 2.7."""
    return _message(header, "ORM", "O01", _ordered(header, patient, visit, orders))


def omg(header: Header, patient: Patient, orders: Sequence[Order], visit: Visit | None = None) -> Message:
    """OMG^O19, a general clinical order."""
    return _message(header, "OMG", "O19", _ordered(header, patient, visit, orders))


def oml(header: Header, patient: Patient, orders: Sequence[Order], visit: Visit | None = None) -> Message:
    """OML^O21, a laboratory order."""
    return _message(header, "OML", "O21", _ordered(header, patient, visit, orders))


def oru(header: Header, patient: Patient, orders: Sequence[Order], visit: Visit | None = None) -> Message:
    """ORU^R01: results; the control of an order that reports them is RE."""
    reported = [replace(order, control="RE" if order.control == "NW" else order.control) for order in orders]
    return _message(header, "ORU", "R01", _ordered(header, patient, visit, reported, results=True))


def mdm(event: str, header: Header, patient: Patient, visit: Visit, document: Document) -> Message:
    """An MDM for one of `MDM_EVENTS`; the even ones and T02 carry the document's content."""
    recorded: Fields = {2: header.timestamp}
    found = [
        segment("EVN", recorded if header.is_from("2.7") else {1: event, **recorded}),
        segment("PID", patient.fields()),
        segment("PV1", visit.fields()),
        segment("TXA", document.fields()),
        *(segment("OBX", each.fields(number, header)) for number, each in enumerate(document.content, 1)),
    ]
    return _message(header, "MDM", event, found)


def siu(event: str, header: Header, appointment: Appointment, patient: Patient, visit: Visit | None = None) -> Message:
    """A SIU for one of `SIU_EVENTS`."""
    action = _ACTIONS.get(event, "U")
    resources = sorted(appointment.resources, key=lambda each: _RESOURCE_ORDER.index(each.segment))
    seen: dict[str, int] = {}
    found = [segment("SCH", appointment.fields(header)), segment("PID", patient.fields())]
    found += [segment("PV1", visit.fields())] if visit else []
    found += [segment("RGS", {1: 1, 2: action})]
    for each in resources:
        seen[each.segment] = seen.get(each.segment, 0) + 1
        found.append(segment(each.segment, each.fields(seen[each.segment], action)))
    return _message(header, "SIU", event, found)


def _ordered(
    header: Header, patient: Patient, visit: Visit | None, orders: Sequence[Order], *, results: bool = False
) -> list[str]:
    found = [segment("PID", patient.fields())]
    found += [segment("PV1", visit.fields())] if visit else []
    for number, order in enumerate(orders, 1):
        found += [
            segment("ORC", order.common_fields(header)),
            segment("OBR", order.request_fields(number, header)),
            *_notes(order.notes),
            *(() if results else _numbered("DG1", (each.fields for each in order.diagnoses))),
            *_observed(order.observations, header),
            *_numbered("SPM", (each.fields for each in order.specimens)),
        ]
    return found


def _observed(observations: Sequence[Observation], header: Header) -> Iterator[str]:
    for number, each in enumerate(observations, 1):
        yield segment("OBX", each.fields(number, header))
        yield from _notes(each.notes)


def _notes(notes: Sequence[str]) -> Iterator[str]:
    return (segment("NTE", {1: number, 3: lines(text)}) for number, text in enumerate(notes, 1))


def _numbered(name: str, sources: Iterable[Callable[[int], Fields]]) -> Iterator[str]:
    """Segments with a set id."""
    return (segment(name, fields(number)) for number, fields in enumerate(sources, 1))


def _message(header: Header, code: str, event: str, segments: Iterable[str]) -> Message:
    structure = standard.structure_name(code, event, "", standard.version(header.version).name)
    rest = list(segments)
    is_plain = header.charset or all(line.isascii() for line in rest)
    header = header if is_plain else replace(header, charset="UNICODE UTF-8")
    text = "".join(f"{line}\r" for line in [segment("MSH", header.fields(code, event, structure)), *rest])
    message = parse(text)
    findings = [each for each in check(message) if each.severity != "information"]
    if findings:
        raise Invalid(findings)
    return message
