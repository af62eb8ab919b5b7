"""An HL7 v2 message → its FHIR R4 resources."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from penstock.json import JSONObject
from penstock_healthcare.fhir import clinical, report
from penstock_healthcare.fhir.context import Context
from penstock_healthcare.fhir.encounter import encounter
from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.patient import patient
from penstock_healthcare.hl7 import Message, Observation, Order, Segment, observations


@dataclass(frozen=True, slots=True)
class Mapped:
    """Resources in an order in which each stands after those it refers to, and what had to be left out."""

    resources: tuple[JSONObject, ...]
    problems: tuple[JSONObject, ...]


def from_hl7(message: Message, zone: tzinfo = UTC) -> Mapped:
    """Map a message; `zone` is that of times sent without an offset. Raises NotMapped.

    Ids follow from the sender's identifiers: a message that comes again, or a correction, maps to the same resources.
    """
    kind = message.type.partition("^")[0]
    if kind not in _MAPPINGS:
        raise NotMapped(message.type, tuple(_MAPPINGS))
    context = Context(message, zone)
    found = _MAPPINGS[kind](context)
    return Mapped(tuple(_once(found)), tuple(context.problems))


def _results(context: Context) -> list[JSONObject]:
    """ORU: the patient, then for each order request, specimens, observations and report."""
    found, orders = _patient(context), observations(context.message)
    for number, order in enumerate(orders):
        found += report.resources(order, number, context)
    return found + _others(context, orders)


def _admission(context: Context) -> list[JSONObject]:
    """ADT: the patient with their allergies and what was observed, the visit with its diagnoses."""
    message, found = context.message, _patient(context)
    if not found:
        return []
    found += _others(context, [])
    who, pid, visit = found[0]["id"], _first(context, "PID"), _first(context, "PV1")
    for index, segment in enumerate(message.segments("AL1")):
        found += _some(clinical.allergy(segment, f"AL1[{index}]", context, who))
    if visit is None:
        return found
    stay = encounter(visit, context, pid, _first(context, "PV2"))
    conditions = []
    for index, segment in enumerate(message.segments("DG1")):
        conditions += _some(clinical.condition(segment, f"DG1[{index}]", context, who, stay["id"]))
    if conditions:
        stay["diagnosis"] = [clinical.diagnosis(resource) for resource in _once(conditions)]
    return [*found, stay, *conditions]


def _others(context: Context, orders: Sequence[Order]) -> list[JSONObject]:
    """Observations outside of any order's own: of an admission, of a specimen. They stand alone."""
    placed = {id(each.segment) for order in orders for each in order.observations}
    found = [Observation(segment, ()) for segment in context.message.segments("OBX") if id(segment) not in placed]
    alone = Order(None, _first(context, "PV1"), None, None, (), tuple(found), ())
    return report.resources(alone, len(orders), context)


def _patient(context: Context) -> list[JSONObject]:
    pid = _first(context, "PID")
    if pid is None:
        return []
    return [patient(pid, context, _first(context, "PD1"), context.message.segments("NK1"))]


def _first(context: Context, name: str) -> Segment | None:
    return next(iter(context.message.segments(name)), None)


def _some(resource: JSONObject | None) -> list[JSONObject]:
    return [resource] if resource else []


def _once(resources: list[JSONObject]) -> list[JSONObject]:
    """Each resource once, as it was told last."""
    return list({(resource["resourceType"], resource["id"]): resource for resource in resources}.values())


_MAPPINGS: Mapping[str, Callable[[Context], list[JSONObject]]] = {"ORU": _results, "ADT": _admission}
