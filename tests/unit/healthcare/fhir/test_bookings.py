"""Claims of time: who is first, what an old claim is worth, and how long a day is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.events import Origin
from penstock.events.memory import MemoryEventStore
from penstock.events.views import MemoryViewStore
from penstock_healthcare.fhir.bookings import GRACE, Bookings, span
from penstock_healthcare.fhir.errors import TimeTaken
from penstock_healthcare.fhir.resources import Resources

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ORIGIN = Origin("test", "r")


def bookings(store: MemoryEventStore, command: str, now: datetime = NOW) -> Bookings:
    return Bookings(store, MemoryViewStore(), lambda: now, "acme", ORIGIN, command)


def appointment(
    name: str = "a", start: str = "2026-12-01T09:00:00Z", end: str = "2026-12-01T09:30:00Z"
) -> dict[str, Any]:
    participants = [{"actor": {"reference": "Practitioner/d"}, "status": "accepted"}]
    found = {"resourceType": "Appointment", "id": name, "status": "booked", "participant": participants}
    return {**found, "start": start, "end": end}


def is_free(store: MemoryEventStore, name: str, now: datetime = NOW, **times: str) -> bool:
    try:
        bookings(store, name, now).take(name, appointment(name, **times))
    except TimeTaken:
        return False
    return True


def test_of_many_who_book_at_once_one_gets_the_time() -> None:
    for _ in range(20):
        store = MemoryEventStore()
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda name: is_free(store, name), "abcd")) == 1  # noqa: B023 - the pool ends in the loop


def test_a_claim_that_no_appointment_came_of_ends() -> None:
    store = MemoryEventStore()
    assert is_free(store, "a")
    assert not is_free(store, "b", NOW + GRACE - timedelta(seconds=1))
    assert is_free(store, "b", NOW + GRACE)


@pytest.mark.parametrize(("status", "expected"), [("booked", False), ("cancelled", True), ("noshow", True)])
def test_an_old_claim_counts_as_its_appointment_stands(status: str, expected: bool) -> None:
    store = MemoryEventStore()
    assert is_free(store, "a")
    Resources(store, lambda: NOW).save("acme", {**appointment(), "status": status}, ORIGIN, "c")
    assert is_free(store, "b", NOW + timedelta(hours=1)) is expected


def test_an_appointment_over_midnight_takes_both_days() -> None:
    store = MemoryEventStore()
    assert is_free(store, "a", start="2026-12-01T23:30:00Z", end="2026-12-02T00:30:00Z")
    assert not is_free(store, "b", start="2026-12-02T00:00:00Z", end="2026-12-02T01:00:00Z")
    assert is_free(store, "c", start="2026-12-02T00:30:00Z", end="2026-12-02T01:00:00Z")
    assert not is_free(store, "d", start="2026-12-02T00:15:00+01:00", end="2026-12-02T00:45:00+01:00")


@pytest.mark.parametrize(
    "times", [{}, {"start": 1, "end": 2}, {"start": "2026", "end": "x"}, {"start": "2026-12-01", "end": "2026-12-02"}]
)
def test_what_has_no_time_takes_none(times: dict[str, Any]) -> None:
    assert span(times) is None
    bookings(MemoryEventStore(), "a").take("a", {**times, "status": "booked", "participant": ["x", {"actor": 1}]})
