"""ORC, OBR and SPM with their observations → ServiceRequest, Specimen, DiagnosticReport, Observation."""

from collections import Counter
from collections.abc import Sequence

from penstock.json import JSONObject
from penstock_healthcare.fhir import codes
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context, resource_id
from penstock_healthcare.fhir.encounter import encounter_reference
from penstock_healthcare.fhir.observation import category, observation, same_code
from penstock_healthcare.fhir.patient import subject
from penstock_healthcare.fhir.rows import Converter, Row, cleaned, converted, fill
from penstock_healthcare.fhir.values import decimal
from penstock_healthcare.hl7 import Element, Order, Segment

_PLACER, _FILLER = to.entity_identifier("PLAC", "Placer Identifier"), to.entity_identifier("FILL", "Filler Identifier")


def _interpreter(element: Element, _: Context) -> JSONObject | None:
    """NDL: the name is a CNN in its first component."""
    name = " ".join(part for part in (element[1][3].value, element[1][2].value) if part)
    return {"type": "Practitioner", "display": name} if name else None


def _specimen_number(part: int) -> Converter:
    """EIP-1 is the placer's number, EIP-2 the filler's; each an EI in subcomponents."""
    kind, display = (("PLAC", "Placer Identifier"), ("FILL", "Filler Identifier"))[part - 1]
    coding = {"system": codes.IDENTIFIER_TYPE, "code": kind, "display": display}

    def convert(element: Element, _: Context) -> JSONObject | None:
        number, namespace, universal = (element[part][index].value for index in (1, 2, 3))
        assigner = {"display": namespace} if namespace else None
        system = codes.authority(universal) if universal else None
        return cleaned(type={"coding": [coding]}, system=system, value=number, assigner=assigner) if number else None

    return convert


def _amount(element: Element, _: Context) -> JSONObject:
    return cleaned(value=decimal(element[1].value), unit=element[2][2].value or element[2][1].value)


def _end(element: Element, context: Context) -> str | None:
    return to.date_time(element[2], context)


def _start(element: Element, context: Context) -> str | None:
    return to.date_time(element[1], context)


ORDER = (
    Row("identifier", 2, _PLACER, many=True),
    Row("identifier", 3, _FILLER, many=True),
)

REQUEST = (
    *ORDER,
    Row("code", 4, to.codeable_concept),
    Row("priority", 5, to.code("request_priority")),
    Row("occurrenceDateTime", 6, to.date_time),
    Row("requester", 16, to.practitioner),
    Row("reasonCode", 31, to.codeable_concept, many=True),
    Row("reasonCode", 13, to.codeable_concept, many=True),
)

REPORT = (
    *ORDER,
    Row("code", 4, to.codeable_concept),
    Row("effective.start", 7, to.date_time),
    Row("effective.end", 8, to.date_time),
    Row("issued", 22, to.instant),
    Row("category", 24, to.table("0074"), many=True),
    Row("resultsInterpreter", 32, _interpreter, many=True),
)

SPECIMEN = (
    Row("identifier", 2, _specimen_number(1), many=True),
    Row("identifier", 2, _specimen_number(2), many=True),
    Row("type", 4, to.codeable_concept),
    Row("condition", 24, to.codeable_concept, many=True),
    Row("collection.method", 7, to.codeable_concept),
    Row("collection.bodySite", 8, to.codeable_concept),
    Row("collection.quantity", 12, _amount),
    Row("period.start", 17, _start),
    Row("period.end", 17, _end),
    Row("receivedTime", 18, to.date_time),
)
_TAKEN = Row("effectiveDateTime", 7, to.date_time)
_NOBODY = {"display": "unknown"}
_NOTE = Row("note", 3, to.annotation, many=True)


def resources(order: Order, number: int, context: Context) -> list[JSONObject]:
    """All that one order tells, the report last; `number` is the order's place in the message, from 0.

    Observations that no OBR asks for stand alone.
    """
    key, place = _key(order, number, context), f"OBR[{number}]"
    common = {
        "subject": subject(_patient(order, context), context),
        "encounter": encounter_reference(order.visit, context),
    }
    if order.request is None:
        return _observations(order, key, place, context, common)
    request = _request(order, order.request, key, place, context, common)
    specimens = [_specimen(found, key, index, context, common) for index, found in enumerate(order.specimens)]
    links = {
        "basedOn": [_reference(request)],
        "specimen": _reference(specimens[0]) if len(specimens) == 1 else None,
        "category": [section] if (section := category(order.request.value(24))) else None,
    }
    observations = _observations(order, key, place, context, {**common, **links})
    report = _report(order.request, key, place, context, common)
    report |= cleaned(
        basedOn=links["basedOn"],
        specimen=list(map(_reference, specimens)),
        result=list(map(_reference, observations)),
        performer=_laboratory(observations),
    )
    return [request, *specimens, *observations, report]


def _patient(order: Order, context: Context) -> Segment | None:
    """The order's patient; else the message's, where it has just one."""
    known = context.message.segments("PID")
    return order.patient or (known[0] if len(known) == 1 else None)


def _request(order: Order, segment: Segment, key: str, place: str, context: Context, common: JSONObject) -> JSONObject:
    found = fill(REQUEST, segment, context, {}, place)
    notes = [note for each in order.notes for note in converted(_NOTE, each, context, f"{place}/NTE")]
    return cleaned(
        resourceType="ServiceRequest",
        id=resource_id("ServiceRequest", key),
        status=_request_status(order),
        intent="order",
        **{**common, "subject": common["subject"] or _NOBODY},
        **found,
        note=notes,
    )


def _request_status(order: Order) -> str:
    control = order.common
    candidates = (
        codes.mapped("request_status_by_order", control.value(5)) if control else None,
        codes.mapped("request_status_by_control", control.value(1)) if control else None,
        codes.mapped("request_status_by_result", order.request.value(25)) if order.request else None,
    )
    return next((status for status in candidates if status), "unknown")


def _specimen(found: Segment, key: str, index: int, context: Context, common: JSONObject) -> JSONObject:
    resource = fill(SPECIMEN, found, context, {}, f"SPM[{index}]")
    period = resource.pop("period", {})
    if "end" in period:
        resource.setdefault("collection", {})["collectedPeriod"] = period
    elif period:
        resource.setdefault("collection", {})["collectedDateTime"] = period["start"]
    numbers = [each["value"] for each in resource.get("identifier", [])]
    identity = (
        resource_id("Specimen", context.sender, *numbers) if numbers else resource_id("Specimen", key, str(index))
    )
    return cleaned(resourceType="Specimen", id=identity, subject=common["subject"], **resource)


def _observations(order: Order, key: str, place: str, context: Context, common: JSONObject) -> list[JSONObject]:
    """The order's observations; one that tells no time of its own was made when the order's were (OBR-7)."""
    seen: Counter[str] = Counter()
    times = converted(_TAKEN, order.request, context, place) if order.request else []
    found = []
    for index, each in enumerate(order.observations):
        code = same_code(each)
        resource = observation(each, key, seen[code], f"{place}/OBX[{index}]", context, **common)
        seen[code] += 1
        if times:
            resource.setdefault(_TAKEN.target, times[0])
        found.append(resource)
    return found


def _laboratory(observations: Sequence[JSONObject]) -> list[JSONObject]:
    """The organizations that made the first observation that names any."""
    performers = (found["performer"] for found in observations if "performer" in found)
    return [who for who in next(performers, []) if who["type"] == "Organization"]


def _report(segment: Segment, key: str, place: str, context: Context, common: JSONObject) -> JSONObject:
    found = fill(REPORT, segment, context, {}, place)
    effective = found.pop("effective", {})
    if "end" in effective:
        found["effectivePeriod"] = effective
    elif effective:
        found["effectiveDateTime"] = effective["start"]
    return cleaned(
        resourceType="DiagnosticReport",
        id=resource_id("DiagnosticReport", key),
        status=codes.mapped("report_status", segment.value(25), "unknown"),
        **common,
        **{"code": {"text": "unknown"}, **found},
    )


def _key(order: Order, number: int, context: Context) -> str:
    """What identifies the order: the filler's number, else the placer's, else its place in the message."""
    for field in (3, 2):
        for segment in (order.request, order.common):
            if segment is not None and (value := segment.value(field)):
                issuer = segment.value(field, component=3) or segment.value(field, component=2) or context.sender
                return f"{issuer}\x1f{value}\x1f{_request_value(order, 4)}"
    return f"{context.sender}\x1f{context.message.control_id}\x1f{number}"


def _request_value(order: Order, field: int) -> str:
    return order.request.value(field) if order.request is not None else ""


def _reference(resource: JSONObject) -> JSONObject:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}
