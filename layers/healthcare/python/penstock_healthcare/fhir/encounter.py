"""PV1 and PV2 → Encounter."""

from penstock.json import JSONObject
from penstock_healthcare.fhir import codes
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context, resource_id
from penstock_healthcare.fhir.patient import patient_id
from penstock_healthcare.fhir.rows import Converter, Row, cleaned, converted, fill
from penstock_healthcare.hl7 import Element, Segment

_UNKNOWN_CLASS = {"system": codes.hl7_table("0004"), "code": "U", "display": "Unknown"}


def _participant(kind: str) -> Converter:
    def convert(element: Element, context: Context) -> JSONObject | None:
        who = to.practitioner(element, context)
        return {"type": [to.concept_of(codes.coding("participation", kind))], "individual": who} if who else None

    return convert


def _place(status: str) -> Converter:
    def convert(element: Element, context: Context) -> JSONObject | None:
        where = to.location(element, context)
        return {"location": where, "status": status} if where else None

    return convert


def _destination(element: Element, _: Context) -> JSONObject | None:
    return {"display": element[1].value} if element[1].value else None


VISIT = (
    Row("identifier", 19, to.identifier),
    Row("class", 2, to.coding("encounter_class")),
    Row("type", 4, to.table("0007"), many=True),
    Row("serviceType", 10, to.table("0069")),
    Row("participant", 7, _participant("ATND"), many=True),
    Row("participant", 8, _participant("REF"), many=True),
    Row("participant", 9, _participant("CON"), many=True),
    Row("participant", 17, _participant("ADM"), many=True),
    Row("period.start", 44, to.date_time),
    Row("period.end", 45, to.date_time),
    Row("hospitalization.preAdmissionIdentifier", 5, to.identifier),
    Row("hospitalization.admitSource", 14, to.table("0023")),
    Row("hospitalization.reAdmission", 13, to.table("0092")),
    Row("hospitalization.dietPreference", 38, to.table("0114"), many=True),
    Row("hospitalization.specialArrangement", 15, to.table("0009"), many=True),
    Row("hospitalization.destination", 37, _destination),
    Row("hospitalization.dischargeDisposition", 36, to.table("0112")),
    Row("location", 3, _place("active"), many=True),
    Row("location", 6, _place("completed"), many=True),
)

REASON = (Row("reasonCode", 3, to.codeable_concept, many=True),)


def encounter(visit: Segment, context: Context, pid: Segment | None, more: Segment | None) -> JSONObject:
    """The visit; its status follows from the message's event, or from a discharge time."""
    found: JSONObject = {"resourceType": "Encounter", "id": encounter_id(visit, context, pid)}
    fill(VISIT, visit, context, found)
    if "identifier" in found:
        found["identifier"] = [found["identifier"]]
    if more is not None:
        fill(REASON, more, context, found)
    found.setdefault("class", _UNKNOWN_CLASS)
    found["status"] = _status(found, context)
    found["subject"] = {"reference": f"Patient/{patient_id(pid, context)}"} if pid is not None else None
    return cleaned(**found)


def encounter_id(visit: Segment, context: Context, pid: Segment | None) -> str:
    """From the visit number; without one, from the patient and the time of admission."""
    number = visit[19][0]
    if number[1].value:
        issuer = number[4][2].value or number[4][1].value or context.sender
        return resource_id("Encounter", issuer, number[1].value)
    who = patient_id(pid, context) if pid is not None else context.message.control_id
    return resource_id("Encounter", who, visit.value(44))


def encounter_reference(visit: Segment | None, context: Context) -> JSONObject | None:
    """A reference by visit number: the message tells too little of the visit to make an Encounter of it."""
    numbers = converted(VISIT[0], visit, context, "PV1") if visit is not None else []
    return {"type": "Encounter", "identifier": numbers[0]} if numbers else None


def _status(found: JSONObject, context: Context) -> str:
    event = codes.mapped("encounter_status", context.message.value("MSH-9.2"))
    return event or ("finished" if "end" in found.get("period", {}) else "unknown")
