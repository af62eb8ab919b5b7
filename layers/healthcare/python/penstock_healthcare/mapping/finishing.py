"""What R4's invariants ask of resources beside what a message says of them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from penstock.json import JSON, JSONObject
from penstock_healthcare.mapping.run import Run
from penstock_healthcare.mapping.vital_signs import conform

Finish = Callable[[JSONObject, Mapping[str, JSONObject], Run], None]
_UNTIMED = ("proposed", "cancelled", "waitlist")


def appointment(resource: JSONObject, _: Mapping[str, JSONObject], run: Run) -> None:
    """Start and end come together, and a booked appointment has both; each participant says whether they take part."""
    start, length = resource.get("start"), resource.get("minutesDuration")
    if start and length and "end" not in resource:
        resource["end"] = (datetime.fromisoformat(start) + timedelta(minutes=length)).isoformat()
    if ("start" in resource) != ("end" in resource):
        run.note("SCH", "incomplete", "only the start or the end of the appointment is known: left out")
        for name in ("start", "end"):
            resource.pop(name, None)
    if "start" not in resource and resource.get("status") not in _UNTIMED:
        run.note("SCH", "incomplete", "the appointment has no time: it is kept as proposed")
        resource["status"] = "proposed"
    for participant in resource.get("participant", ()):
        participant.setdefault("status", "accepted")


def report(resource: JSONObject, found: Mapping[str, JSONObject], _: Run) -> None:
    """The organizations that made the first observation that names any made the report."""
    for each in resource.get("result", ()):
        performers = found.get(each["reference"], {}).get("performer", ())
        if makers := [who for who in performers if who.get("type") == "Organization"]:
            resource.setdefault("performer", makers)
            return


def request(resource: JSONObject, _: Mapping[str, JSONObject], __: Run) -> None:
    """An order has one time: where TQ1 tells a timing, the requested date is an event of it."""
    timing = resource.get("occurrenceTiming")
    if timing is None:
        return
    if at := resource.pop("occurrenceDateTime", None):
        timing["event"] = [at]
    if period := resource.pop("occurrencePeriod", None):
        timing.setdefault("repeat", {}).setdefault("boundsPeriod", period)


def immunization(resource: JSONObject, _: Mapping[str, JSONObject], __: Run) -> None:
    """It was given at some time."""
    if "occurrenceDateTime" not in resource:
        resource["occurrenceString"] = "unknown"


def observation(resource: JSONObject, _: Mapping[str, JSONObject], run: Run) -> None:
    """Vital signs have a profile."""
    conform(resource, run)


def repair(resource: JSONObject, run: Run) -> None:
    """A period that ends before it begins keeps its beginning."""
    for value in _objects(resource):
        start, end = value.get("start"), value.get("end")
        if isinstance(start, str) and isinstance(end, str) and _after(start, end):
            del value["end"]
            run.note(resource["resourceType"], "period", "the end, before the beginning, is left out")


def _objects(value: JSON) -> list[JSONObject]:
    """All objects in it."""
    found, rest = [], [value]
    while rest:
        each = rest.pop()
        parts = each
        if isinstance(each, dict):
            found.append(each)
            parts = each.values()
        rest += [part for part in parts if isinstance(part, dict | list)]
    return found


def _after(start: str, end: str) -> bool:
    """Whether the one is surely later than the other, as exact as both are."""
    if "T" in start and "T" in end:
        return datetime.fromisoformat(start) > datetime.fromisoformat(end)
    exact = min(len(start), len(end), len("2026-01-01"))
    return start[:exact] > end[:exact]


FINISHES: Mapping[str, Finish] = {
    "Appointment": appointment,
    "DiagnosticReport": report,
    "Immunization": immunization,
    "Observation": observation,
    "ServiceRequest": request,
}
