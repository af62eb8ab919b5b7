"""The life of a tenant's own saga: what each command comes to, where it stands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.memory import MemoryEventStore
from penstock.sagas.errors import UnknownSaga
from penstock.sagas.lifecycle import (
    AGGREGATE,
    MOST_VERSIONS,
    Archive,
    Change,
    Command,
    Draft,
    OwnSaga,
    Publish,
    Status,
    decide,
)
from penstock.workflows.errors import WrongState

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
STREAM = AGGREGATE.stream("acme", "refund")
FIRST, SECOND = {"name": "Refund", "steps": [1]}, {"name": "Refund", "steps": [2]}


def after(*commands: Command) -> OwnSaga:
    repository = Repository(AGGREGATE, MemoryEventStore(), MemorySnapshotStore())
    loaded = repository.load(STREAM)
    for command in commands:
        loaded = repository.save(loaded, decide(loaded.state, command), NOW, Origin("test", "test"))
    return loaded.state


def test_a_version_holds_the_draft_as_it_was_published() -> None:
    saga = after(Draft(FIRST), Publish(), Change(SECOND), Publish(), Change(FIRST))
    assert [(each.number, each.revision, each.definition) for each in saga.versions] == [(1, 2, FIRST), (2, 4, SECOND)]
    assert (saga.status, saga.revision, saga.definition) == (Status.PUBLISHED, 5, FIRST)


def test_a_run_starts_from_the_newest_version_or_a_given_one() -> None:
    saga = after(Draft(FIRST), Publish(), Change(SECOND), Publish())
    assert (saga.released().number, saga.released(1).definition) == (2, FIRST)


@pytest.mark.parametrize("number", [-1, 3])
def test_a_version_that_there_is_not_is_unknown(number: int) -> None:
    with pytest.raises(UnknownSaga):
        after(Draft(FIRST), Publish(), Change(SECOND), Publish()).released(number)


@pytest.mark.parametrize("commands", [[Draft(FIRST)], [Draft(FIRST), Publish(), Archive()]], ids=["draft", "archived"])
def test_no_run_starts_from_what_is_not_published(commands: list[Any]) -> None:
    with pytest.raises(UnknownSaga, match="published saga refund"):
        after(*commands).released()


def test_the_same_draft_again_changes_nothing() -> None:
    assert decide(after(Draft(FIRST)), Change(FIRST)) == []


def test_an_archived_saga_keeps_its_versions_and_can_be_published_again() -> None:
    saga = after(Draft(FIRST), Publish(), Archive(), Publish())
    assert (saga.status, [each.number for each in saga.versions]) == (Status.PUBLISHED, [1, 2])


@pytest.mark.parametrize(
    ("commands", "command"),
    [
        ([], Change(FIRST)),
        ([], Publish()),
        ([], Archive()),
        ([Draft(FIRST)], Draft(SECOND)),
        ([Draft(FIRST), Archive()], Archive()),
    ],
    ids=["change nothing", "publish nothing", "archive nothing", "create twice", "archive twice"],
)
def test_a_command_that_does_not_fit_is_refused(commands: list[Any], command: Command) -> None:
    with pytest.raises(WrongState):
        decide(after(*commands), command)


def test_versions_are_bounded() -> None:
    saga = after(Draft(FIRST), *[Publish()] * MOST_VERSIONS)
    with pytest.raises(WrongState, match=f"version {MOST_VERSIONS}"):
        decide(saga, Publish())
