"""An application as an X12 278 request (005010X217)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from penstock_healthcare.authorization.application import CATEGORIES, KINDS, URGENCIES, Application, Treatment
from penstock_healthcare.eligibility.inquiry import Route
from penstock_healthcare.eligibility.x12_question import (
    day_rows,
    dependent_rows,
    envelope_of,
    provider_row,
    subscriber_rows,
    trace_row,
)
from penstock_healthcare.x12.interchange import Interchange
from penstock_healthcare.x12.writing import Row, Value, write

GUIDE = "005010X217"
_EVENT, _SERVICE = "AAH", "472"
_PRINCIPAL, _FURTHER = "ABK", "ABF"


def application_request(
    application: Application, route: Route, *, trace: str, control_number: int, time: datetime
) -> Interchange:
    """The 278; the payer's answer has `trace` in its TRN. Raises BadValue for what X12 cannot carry."""
    people, above = _people(application)
    event = above + 1
    rows: list[Row] = [
        ("BHT", "0007", "13", trace, f"{time:%Y%m%d}", f"{time:%H%M}"),
        ("HL", "1", "", "20", "1"),
        ("NM1", "X3", "2", application.payer.name, "", "", "", "", "PI", application.payer.id),
        ("HL", "2", "1", "21", "1"),
        provider_row(application.provider),
        *people,
        ("HL", str(event), str(above), "EV", "1"),
        trace_row(trace, application.provider),
        *_event(application),
        *_treatments(application, event),
    ]
    return write(envelope_of(route, control_number, time), "HI", GUIDE, [("278", rows)])


def _people(application: Application) -> tuple[Sequence[Row], int]:
    """The subscriber and the dependent, and the number of the last level."""
    rows: list[Row] = [("HL", "3", "2", "22", "1"), *subscriber_rows(application.subscriber)]
    if application.dependent is None:
        return rows, 3
    return [*rows, ("HL", "4", "3", "23", "1"), *dependent_rows(application.dependent, "QC")], 4


def _event(application: Application) -> Iterator[Row]:
    place: Value = (application.place, "B") if application.place else ""
    category, kind = CATEGORIES[application.category], KINDS[application.kind]
    yield ("UM", category, kind, application.service_type, place, "", URGENCIES[application.urgency])
    if application.earlier_number:
        yield ("REF", "BB", application.earlier_number)
    yield day_rows(_EVENT, application.date, application.until)
    codes = [each.replace(".", "") for each in application.diagnoses]
    yield ("HI", *((_FURTHER if place_ else _PRINCIPAL, code) for place_, code in enumerate(codes)))


def _treatments(application: Application, event: int) -> Iterator[Row]:
    for number, treatment in enumerate(application.treatments, event + 1):
        yield ("HL", str(number), str(event), "SS", "0")
        yield day_rows(_SERVICE, application.date, application.until)
        yield ("SV1", _procedure(treatment), "", "UN", str(treatment.quantity))


def _procedure(treatment: Treatment) -> Value:
    return ("HC", treatment.code, *treatment.modifiers)
