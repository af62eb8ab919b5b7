"""Which segments a message is of, in order, and which resources each tells of: for what maps write (ADT, ORU, SIU)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from penstock.json import JSON, JSONObject
from penstock_healthcare.mapping.backward import Resolve

Told = tuple[str, tuple[tuple[str, JSONObject], ...]]
"""A segment's id, and the maps that fill it, each with the object that it reads."""
_MERGES = frozenset({"A18", "A30", "A34", "A35", "A36", "A39", "A40", "A41", "A46", "A47", "A48", "A49"})
_SHORT = frozenset({"A02", "A09", "A10", "A11", "A12", "A15", "A16", "A21", "A22", "A25", "A26", "A27"})
"""Events whose structures end with the visit and what was observed."""


@dataclass(frozen=True)
class Resources:
    """The resources that a message is made of."""

    all: Sequence[JSONObject]
    resolve: Resolve

    def of(self, kind: str) -> list[JSONObject]:
        """Those of a type."""
        return [each for each in self.all if each.get("resourceType") == kind]

    def first(self, kind: str) -> JSONObject | None:
        """The first of a type; None where there is none."""
        return next(iter(self.of(kind)), None)

    def many(self, references: JSON) -> list[JSONObject]:
        """What these references mean, where it is there."""
        found = [self.resolve(each) for each in references or ()]
        return [each for each in found if each is not None]


def admission(resources: Resources, event: str) -> Iterator[Told]:
    """ADT."""
    yield "EVN", ()
    yield from _patient(resources)
    if event in _MERGES:
        yield from _one("MRG", "MRG.Patient", resources.first("Patient"))
        return
    if patient := resources.first("Patient"):
        for contact in patient.get("contact", ()):
            yield "NK1", (("NK1.contact", contact),)
    visit = resources.first("Encounter")
    yield from _visit(visit)
    for each in resources.of("Observation"):
        yield from _observation(each, notes=False)
    if event in _SHORT:
        return
    for each in resources.of("AllergyIntolerance"):
        yield "AL1", (("AL1.AllergyIntolerance", each),)
    yield from _diagnoses(resources, visit)
    for each in resources.of("Procedure"):
        yield "PR1", (("PR1.Procedure", each),)
    for each in resources.of("Coverage"):
        yield "IN1", (("IN1.Coverage", each),)


def results(resources: Resources, _: str) -> Iterator[Told]:
    """ORU: a report after the other, each with its observations and specimens; then observations of no report."""
    yield from _patient(resources)
    visit = resources.first("Encounter")
    yield from _visit(visit)
    told: list[JSONObject] = []
    for report in resources.of("DiagnosticReport"):
        request = next(iter(resources.many(report.get("basedOn"))), {})
        yield "ORC", (("ORC.ServiceRequest", request),)
        yield "OBR", (("OBR.DiagnosticReport", report), ("OBR.ServiceRequest", request))
        yield from _notes(request)
        for each in resources.many(report.get("result")):
            told.append(each)
            yield from _observation(each)
        for each in resources.many(report.get("specimen")):
            yield "SPM", (("SPM.Specimen", each),)
    rest = [each for each in resources.of("Observation") if not any(each is other for other in told)]
    if rest:
        yield "OBR", ()
    for each in rest:
        yield from _observation(each)


def scheduling(resources: Resources, _: str) -> Iterator[Told]:
    """SIU: the appointment, whose it is, and a segment for each service, person, place and device."""
    appointment = resources.first("Appointment") or {}
    yield "SCH", (("SCH.Appointment", appointment),)
    yield from _one("NTE", "NTE.Appointment", {"comment": appointment["comment"]} if "comment" in appointment else None)
    yield from _patient(resources)
    yield from _visit(resources.first("Encounter"))
    yield "RGS", ()
    for service in appointment.get("serviceType", [{}]):
        yield "AIS", (("AIS.Appointment", {**appointment, "serviceType": [service]}),)
    for participant in appointment.get("participant", ()):
        kind = _kind(participant.get("actor", {}))
        if kind in _PARTICIPANTS and not _is_contact(participant):
            name = _PARTICIPANTS[kind]
            yield name, ((f"{name}.participant", participant),)


def _patient(resources: Resources) -> Iterator[Told]:
    patient, account = resources.first("Patient"), resources.first("Account")
    maps = [("PID.Patient", patient)] if patient else []
    yield "PID", (*maps, *([("PID.Account", account)] if account else []))
    yield from _one("PD1", "PD1.Patient", patient)


def _visit(visit: JSONObject | None) -> Iterator[Told]:
    if visit is not None:
        yield "PV1", (("PV1.Encounter", visit),)
        yield from _one("PV2", "PV2.Encounter", visit)


def _diagnoses(resources: Resources, visit: JSONObject | None) -> Iterator[Told]:
    uses = {id(resources.resolve(each.get("condition"))): each for each in (visit or {}).get("diagnosis", ())}
    for each in resources.of("Condition"):
        use = uses.get(id(each))
        yield "DG1", (("DG1.Condition", each), *([("DG1.diagnosis", use)] if use else []))


def _observation(resource: JSONObject, notes: bool = True) -> Iterator[Told]:
    """Components about something else have segments of their own, after the observation's and its notes."""
    components = resource.get("component", ())
    same = [each for each in components if each.get("code") == resource.get("code")]
    yield "OBX", (("OBX.Observation", {**resource, "component": same}),)
    if notes:
        yield from _notes(resource)
    around = {name: resource[name] for name in _SHARED if name in resource}
    for each in components:
        if not any(each is other for other in same):
            yield "OBX", (("OBX.Observation", {**around, **each}),)


def _notes(resource: JSONObject) -> Iterator[Told]:
    for note in resource.get("note", ()):
        yield "NTE", (("NTE.note", note),)


def _one(segment: str, name: str, obj: JSONObject | None) -> Iterator[Told]:
    if obj:
        yield segment, ((name, obj),)


def _kind(actor: JSONObject) -> str:
    kind = actor.get("type") or str(actor.get("reference", "")).partition("/")[0]
    return str(kind)


def _is_contact(participant: JSONObject) -> bool:
    """Whether SCH tells of this participant already."""
    return any(each.get("text") in _CONTACTS for each in participant.get("type", ()))


_SHARED = ("status", "effectiveDateTime", "performer", "device")
"""What components have in common with their observation."""
_CONTACTS = frozenset({"placer contact", "filler contact", "entered by"})
_PARTICIPANTS = {"Practitioner": "AIP", "PractitionerRole": "AIP", "Location": "AIL", "Device": "AIG"}
OUTLINES: Mapping[str, Callable[[Resources, str], Iterator[Told]]] = {
    "ADT": admission,
    "ORU": results,
    "SIU": scheduling,
}
