"""An inquiry as an X12 270 (005010X279A1)."""

from collections.abc import Sequence
from datetime import date, datetime

from penstock_healthcare.eligibility.inquiry import Dependent, Inquiry, Person, Provider, Route, Subscriber
from penstock_healthcare.x12.interchange import Interchange
from penstock_healthcare.x12.writing import Envelope, Party, Row, write

GUIDE = "005010X279A1"
RELATIONSHIPS = {"spouse": "01", "child": "19", "other": "34"}


def envelope_of(route: Route, control_number: int, time: datetime) -> Envelope:
    """What stands around a set that goes this way."""
    sender = Party(route.sender_qualifier, route.sender)
    return Envelope(sender, Party(route.receiver_qualifier, route.receiver), control_number, time, route.test)


def question(inquiry: Inquiry, route: Route, *, trace: str, control_number: int, time: datetime) -> Interchange:
    """The 270; the payer's answer has `trace` in its TRN. Raises BadValue for what X12 cannot carry."""
    rows = [
        ("BHT", "0022", "13", trace, f"{time:%Y%m%d}", f"{time:%H%M}"),
        ("HL", "1", "", "20", "1"),
        ("NM1", "PR", "2", inquiry.payer.name, "", "", "", "", "PI", inquiry.payer.id),
        ("HL", "2", "1", "21", "1"),
        provider_row(inquiry.provider),
        *_people(inquiry, trace),
        *_asked(inquiry, time),
    ]
    return write(envelope_of(route, control_number, time), "HS", GUIDE, [("270", rows)])


def provider_row(provider: Provider) -> Row:
    """NM1 of who asks."""
    kind = "1" if provider.given else "2"
    return ("NM1", "1P", kind, provider.name, provider.given, "", "", "", "XX", provider.npi)


def trace_row(trace: str, provider: Provider) -> Row:
    """TRN. TRN-03 has ten characters, of which 9 says that the others are the sender's own choice."""
    return ("TRN", "1", trace, f"9{provider.npi[:9]}")


def person_rows(person: Person, first: Row) -> list[Row]:
    """A person's NM1 and, where there is something to say, DMG."""
    born = f"{person.born:%Y%m%d}" if person.born else ""
    return [first, *([("DMG", "D8" if born else "", born, person.sex)] if born or person.sex else [])]


def subscriber_rows(subscriber: Subscriber) -> list[Row]:
    """NM1*IL and DMG."""
    name = ("NM1", "IL", "1", subscriber.family, subscriber.given, "", "", "", "MI", subscriber.member_id)
    return person_rows(subscriber, name)


def dependent_rows(dependent: Dependent, entity: str = "03") -> list[Row]:
    """NM1 (03 in a 270, QC in a 278), DMG, INS."""
    rows = person_rows(dependent, ("NM1", entity, "1", dependent.family, dependent.given))
    return [*rows, ("INS", "N", RELATIONSHIPS[dependent.relationship])]


def day_rows(qualifier: str, first: date, last: date | None) -> Row:
    """DTP of a day or a range."""
    if last is None:
        return ("DTP", qualifier, "D8", f"{first:%Y%m%d}")
    return ("DTP", qualifier, "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}")


def _people(inquiry: Inquiry, trace: str) -> Sequence[Row]:
    """The subscriber, and the dependent where it is about one; the trace stands with whom it is about."""
    mark = trace_row(trace, inquiry.provider)
    if inquiry.dependent is None:
        return [("HL", "3", "2", "22", "0"), mark, *subscriber_rows(inquiry.subscriber)]
    return [
        ("HL", "3", "2", "22", "1"),
        *subscriber_rows(inquiry.subscriber),
        ("HL", "4", "3", "23", "0"),
        mark,
        *dependent_rows(inquiry.dependent),
    ]


def _asked(inquiry: Inquiry, time: datetime) -> Sequence[Row]:
    day = inquiry.date or time.date()
    return [day_rows("291", day, inquiry.until), ("EQ", list(inquiry.service_types))]
