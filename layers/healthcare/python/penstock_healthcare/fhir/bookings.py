"""Whose time is taken: appointments that would put somebody in two places at once.

The read model, which lags, knows all appointments. So that two bookings at the same time cannot both pass, each first
claims its time in a stream of kind `fhir_calendar`, one for each participant and day (UTC), where one of two appends
wins. A claim is a hint: what counts is the appointment as the store has it, once the claim is older than `GRACE`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.clock import Clock
from penstock.events import Event, EventStore, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import Commands
from penstock.events.types import EventTypes
from penstock.events.views import ViewStore
from penstock.json import JSONObject
from penstock_healthcare.fhir.errors import TimeTaken
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.search.rows import BOOKING, booking_key

EVENTS = EventTypes("fhir_calendar")
GRACE = timedelta(minutes=2)
LONGEST = timedelta(days=1)
BLOCKING = frozenset({"pending", "booked", "arrived", "checked-in", "fulfilled"})
"""States of an appointment that takes its participants' time."""
EXCLUSIVE = ("Patient/", "Practitioner/", "PractitionerRole/", "Location/", "Device/", "RelatedPerson/")
"""Who, or what, can be in one appointment at a time."""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class TimeClaimed:
    """An appointment is to take a participant's time; `start` and `end` are RFC 3339 in UTC."""

    appointment: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, and when it was made."""

    appointment: str
    start: datetime
    end: datetime
    made: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """One participant's claims of one day, the newest of each appointment."""

    stream: StreamId
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimTime:
    """Take the time, if nobody else has it."""

    appointment: str
    start: str
    end: str


def _evolve(calendar: Calendar, happened: TimeClaimed, event: Event) -> Calendar:
    claim = Claim(happened.appointment, instant(happened.start), instant(happened.end), event.time)
    others = tuple(each for each in calendar.claims if each.appointment != claim.appointment)
    return replace(calendar, claims=(*others, claim))


AGGREGATE = Aggregate(EVENTS, Calendar, _evolve)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`, both aware."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        """Whether they share a moment."""
        return self.start < other.end and other.start < self.end

    def days(self) -> Iterator[str]:
        """The days (UTC) that it touches."""
        day, last = self.start.astimezone(UTC).date(), (self.end - timedelta(microseconds=1)).astimezone(UTC).date()
        while day <= last:
            yield day.isoformat()
            day += timedelta(days=1)


def instant(text: str) -> datetime:
    """An instant of FHIR, which has an offset. Raises ValueError."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError("an instant has an offset")
    return found


def span(appointment: JSONObject) -> Span | None:
    """When an appointment is; None where it has no time."""
    try:
        return Span(instant(appointment["start"]), instant(appointment["end"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def taken_by(appointment: JSONObject) -> Sequence[str]:
    """The references of those whose time an appointment takes."""
    if appointment.get("status") not in BLOCKING:
        return []
    actors = (_actor(each) for each in appointment.get("participant", ()))
    return [actor for actor in dict.fromkeys(actors) if actor.startswith(EXCLUSIVE)]


def _actor(participant: Any) -> str:
    """The reference of who takes part; empty for who declined, and for what is malformed."""
    if not isinstance(participant, dict) or participant.get("status") == "declined":
        return ""
    actor = participant.get("actor")
    return str(actor.get("reference", "")) if isinstance(actor, dict) else ""


@dataclass(frozen=True)
class Bookings:
    """The time of one tenant's participants. `origin` and `command_id` are of the one who books."""

    store: EventStore
    views: ViewStore
    clock: Clock
    tenant: str
    origin: Origin
    command_id: str
    _resources: Resources = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_resources", Resources(self.store, self.clock))

    def take(self, name: str, appointment: JSONObject) -> None:
        """Claim the time of all whom an appointment needs; `name` is its id. Raises TimeTaken, Conflict."""
        wanted = span(appointment)
        if wanted is None:
            return
        slots = [(actor, day) for actor in taken_by(appointment) for day in wanted.days()]
        for actor, day in slots:
            keys = self.views.lookup(self.tenant, BOOKING, booking_key(actor, day))
            if any(self._is_taken(key.partition("-")[2], name, actor, wanted) for key in keys):
                raise TimeTaken(actor)
        for actor, day in slots:
            self._claim(actor, day, name, wanted)

    def _claim(self, actor: str, day: str, name: str, wanted: Span) -> None:
        def decide(calendar: Calendar, command: ClaimTime) -> Sequence[TimeClaimed]:
            for claim in calendar.claims:
                if claim.appointment != name and self._stands(claim, actor, wanted):
                    raise TimeTaken(actor)
            return [TimeClaimed(command.appointment, command.start, command.end)]

        stream = AGGREGATE.stream(self.tenant, f"{actor.replace('/', '-', 1)}-{day}")
        start, end = (each.astimezone(UTC).isoformat() for each in (wanted.start, wanted.end))
        commands = Commands(Repository(AGGREGATE, self.store, MemorySnapshotStore()), {ClaimTime: decide}, self.clock)
        commands.handle(stream, ClaimTime(name, start, end), self.origin, command_id=self.command_id)

    def _stands(self, claim: Claim, actor: str, wanted: Span) -> bool:
        """Whether a claim keeps others out: it is new, or its appointment is as it says."""
        if not Span(claim.start, claim.end).overlaps(wanted):
            return False
        return self.clock() - claim.made < GRACE or self._is_taken(claim.appointment, "", actor, wanted)

    def _is_taken(self, other: str, name: str, actor: str, wanted: Span) -> bool:
        """Whether another appointment, as the store has it, takes somebody's time."""
        found = self._resources.find(self.tenant, "Appointment", other)
        if other == name or not found.text:
            return False
        its = span(found.resource)
        return its is not None and actor in taken_by(found.resource) and its.overlaps(wanted)
