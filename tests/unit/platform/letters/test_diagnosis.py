"""How a dead letter's stream stands, and what still breaks."""

from typing import Any

import pytest

from penstock.clock import utc_now
from penstock.events import Draft, Event, Origin, Position, StoreUnavailable, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import Projection, project
from penstock.events.views import MemoryViewStore
from penstock.letters.diagnosis import Diagnosis, Reader, diagnose

STREAM = StreamId("acme", "order", "o-1")


def evolve(document: dict[str, Any] | None, event: Event) -> dict[str, Any]:
    return {"total": (document or {"total": 0})["total"] + event.data["amount"]}


TOTALS = Projection("totals", "order", evolve)


def written(*bodies: dict[str, Any]) -> MemoryEventStore:
    """A store with a commit for each body."""
    store, position = MemoryEventStore(), Position()
    for number, body in enumerate(bodies):
        drafts, origin = [Draft("Paid", body, utc_now())], Origin("test", "test")
        position = store.append(STREAM, drafts, expected=position, commit_id=str(number), origin=origin).position
    return store


def test_a_stream_that_breaks_a_projection_is_told_by_type_and_place_and_kept_nowhere() -> None:
    store, views = written({"amount": 1}, {"secret": "J. Doe"}), MemoryViewStore()
    found = diagnose(store, views, MemoryCheckpointStore(), [TOTALS], STREAM, "projector")
    (reader,) = found.readers
    assert (found.commit, reader.name, reader.commit) == (2, "totals", 0)
    assert reader.fault is not None
    assert (reader.fault.error, reader.fault.function) == ("KeyError", "evolve")
    assert views.load("totals", STREAM) is None


def test_who_has_come_how_far_is_told() -> None:
    store, views, checkpoints = written({"amount": 1}, {"amount": 2}), MemoryViewStore(), MemoryCheckpointStore()
    project(written({"amount": 1}), views, TOTALS, STREAM)
    checkpoints.advance("publisher", STREAM, 2)
    found = diagnose(store, views, checkpoints, [TOTALS], STREAM, "publisher")
    assert found == Diagnosis(2, True, (Reader("publisher", 2), Reader("totals", 1)))


def test_a_stream_that_is_not_there_has_no_commit() -> None:
    found = diagnose(written(), MemoryViewStore(), MemoryCheckpointStore(), [TOTALS], STREAM, "projector")
    assert found == Diagnosis(0, True, (Reader("totals", 0),))


def test_a_store_that_is_away_is_no_fault_of_the_stream() -> None:
    class Away(MemoryEventStore):
        def commits(self, stream: StreamId, after: int = 0) -> Any:
            raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        diagnose(Away(), MemoryViewStore(), MemoryCheckpointStore(), [TOTALS], STREAM, "projector")
