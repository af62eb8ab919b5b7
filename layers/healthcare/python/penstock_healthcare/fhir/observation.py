"""OBX with its notes → Observation."""

from penstock.json import JSONObject
from penstock_healthcare.fhir import codes, values
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context, resource_id
from penstock_healthcare.fhir.rows import Row, cleaned, converted, fill
from penstock_healthcare.hl7 import NULL, BadValue, Element, Observation

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_UNKNOWN_CODE = {"text": "unknown"}


def _device(element: Element, context: Context) -> JSONObject | None:
    found = to.entity_identifier()(element, context)
    return {"type": "Device", "identifier": found} if found else None


OBSERVATION = (
    Row("identifier", 21, to.entity_identifier(), many=True),
    Row("code", 3, to.codeable_concept),
    Row("effectiveDateTime", 14, to.date_time),
    Row("performer", 16, to.practitioner, many=True),
    Row("performer", 23, to.organization, many=True),
    Row("interpretation", 8, values.interpretation, many=True),
    Row("bodySite", 20, to.codeable_concept),
    Row("method", 17, to.codeable_concept),
    Row("device", 18, _device),
)
_NOTE = Row("note", 3, to.annotation, many=True)


def observation(
    found: Observation, order: str, occurrence: int, place: str, context: Context, **common: JSONObject | None
) -> JSONObject:
    """The observation. `order` identifies the order it answers, `occurrence` counts equal codes in it from 0."""
    segment = found.segment
    resource: JSONObject = {
        "resourceType": "Observation",
        "id": resource_id("Observation", order, _code(found), segment.value(4), str(occurrence)),
        "status": codes.mapped("observation_status", segment.value(11), "unknown"),
        **common,
    }
    fill(OBSERVATION, segment, context, resource, place)
    resource.setdefault("code", _UNKNOWN_CODE)
    _fill_value(resource, found, place, context)
    notes = [note for each in found.notes for note in converted(_NOTE, each, context, f"{place}/NTE")]
    return cleaned(**resource, note=notes)


def same_code(found: Observation) -> str:
    """What tells an order's observations apart: OBX-3 and OBX-4."""
    return f"{_code(found)}\x1f{found.segment.value(4)}"


def category(section: str) -> JSONObject | None:
    """OBR-24 as an observation category; None where the section tells none."""
    code = codes.mapped("observation_category", section)
    return {"coding": [{"system": _CATEGORY, "code": code}]} if code else None


def _code(found: Observation) -> str:
    segment = found.segment
    return segment.value(3) or segment.value(3, component=2)


def _fill_value(resource: JSONObject, found: Observation, place: str, context: Context) -> None:
    """One value stands on the observation itself, several in components; texts are lines of one."""
    units, sent = values.unit(found.segment), _values(found, place, context)
    if len(sent) > 1 and all(name == "valueString" for name, _ in sent):
        sent = [("valueString", "\n".join(text for _, text in sent))]
    if len(sent) == 1:
        resource[sent[0][0]] = sent[0][1]
    elif sent:
        resource["component"] = [{"code": resource["code"], name: value} for name, value in sent]
    elif reason := codes.mapped("absent_reason", found.segment.value(11)):
        resource["dataAbsentReason"] = {"coding": [{"system": _ABSENT, "code": reason}]}
    if reference := values.reference_range(found.segment, units):
        resource["referenceRange"] = [reference]


def _values(found: Observation, place: str, context: Context) -> list[values.Value]:
    """OBX-5. A value that is not of the type that OBX-2 states is kept as text, and noted."""
    segment = found.segment
    units, sent = values.unit(segment), []
    for index, element in enumerate(segment[5]):
        if element.is_empty or element.raw == NULL:
            continue
        try:
            value = values.value(element, segment.value(2), units, context)
        except BadValue as error:
            context.note(
                f"{place}-5[{index}]", f"datatype-{error.datatype}", f"kept as text: expected {error.expected}"
            )
            value = ("valueString", element.value)
        if value:
            sent.append(value)
    return sent
