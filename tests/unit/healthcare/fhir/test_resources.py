"""FHIR resources as streams, and their read model."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Commit, Conflict, Draft, Origin, Position, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project
from penstock.events.views import MemoryViewStore
from penstock_healthcare.fhir.errors import InvalidResource, UnknownResource
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.projections.fhir_resources import FHIR_RESOURCES

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ORIGIN = Origin("workflow:w", "e")
PATIENT = {"resourceType": "Patient", "id": "p-1", "gender": "female"}


def resources(store: MemoryEventStore | None = None) -> Resources:
    return Resources(store or MemoryEventStore(), lambda: NOW)


class Contested(MemoryEventStore):
    """A store where others write first, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def append(
        self, stream: StreamId, drafts: Sequence[Draft], *, expected: Position, commit_id: str, origin: Origin
    ) -> Commit:
        if self.times:
            self.times -= 1
            other = [Draft("ResourceSaved", {"type": "Patient", "id": "p-1", "text": f"{{{self.times}}}"}, NOW)]
            super().append(stream, other, expected=expected, commit_id=f"other {self.times}", origin=origin)
        return super().append(stream, drafts, expected=expected, commit_id=commit_id, origin=origin)


def test_saving_what_is_there_already_changes_nothing() -> None:
    kept = resources()
    first, again = (kept.save("acme", PATIENT, ORIGIN, name) for name in ("1", "2"))
    assert (first.reference, first.version, first.changed) == ("Patient/p-1", 1, True)
    assert (again.version, again.changed) == (1, False)


def test_a_change_is_a_new_version() -> None:
    kept = resources()
    kept.save("acme", PATIENT, ORIGIN, "1")
    assert kept.save("acme", {**PATIENT, "gender": "other"}, ORIGIN, "2").version == 2
    assert '"gender":"female"' in kept.get("acme", "Patient", "p-1", 1).text
    assert '"versionId":"2","lastUpdated":"2026-11-24T08:00:00.000Z"' in kept.get("acme", "Patient", "p-1").document


def test_a_writer_that_others_beat_writes_after_them() -> None:
    assert resources(Contested(3)).save("acme", PATIENT, ORIGIN, "1").version == 4


def test_a_writer_that_always_loses_gives_up() -> None:
    with pytest.raises(Conflict):
        resources(Contested(99)).save("acme", PATIENT, ORIGIN, "1")


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ({"id": "1"}, "resourceType"),
        ({"resourceType": "patient", "id": "1"}, "resourceType"),
        ({"resourceType": "Patient"}, "id"),
        ({"resourceType": "Patient", "id": "a/b"}, "id"),
        ({"resourceType": "Patient", "id": "1", "x": float("inf")}, "Patient"),
    ],
)
def test_what_is_no_resource_is_refused_by_the_name_of_its_part(resource: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidResource) as caught:
        resources().save("acme", resource, ORIGIN, "1")
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("kind", "name", "version"), [("Patient", "p-1", 2), ("Patient", "p", None), ("x#y", "z", None)]
)
def test_what_is_not_there_is_unknown(kind: str, name: str, version: int | None) -> None:
    kept = resources()
    kept.save("acme", PATIENT, ORIGIN, "1")
    with pytest.raises(UnknownResource):
        kept.get("acme", kind, name, version)


def test_resources_are_listed_by_type_and_by_patient() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    about = {"subject": {"reference": "Patient/p-1"}, "status": "final", "code": {"text": "K"}}
    for resource in (
        PATIENT,
        {"resourceType": "Observation", "id": "o-1", **about},
        {"resourceType": "Observation", "id": "o-2", "status": "final", "code": {"text": "K"}},
    ):
        resources(store).save("acme", resource, ORIGIN, "1")
    for stream in store.streams():
        project(store, views, FHIR_RESOURCES, stream)

    def found(index: str, prefix: str) -> list[str]:
        return [view.document["id"] for view in views.list("acme", "fhir_resources", index=index, prefix=prefix).items]

    assert sorted(found("type", "Observation|")) == ["o-1", "o-2"]
    assert found("patient", "Patient/p-1|Observation|") == ["o-1"]
    assert found("type", "Patient|") == ["p-1"]
