"""The life of a document of every kind: what each command comes to, where it stands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.documents.errors import RevisionConflict
from penstock.documents.lifecycle import (
    Archive,
    Change,
    Command,
    Create,
    Delete,
    Publish,
    Restore,
    Status,
    dump,
    restore,
)
from penstock.documents.service import Documents
from penstock.events import Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.memory import MemoryEventStore
from penstock.processes import lifecycle as processes
from penstock.processes.errors import UnknownProcess, WrongStatus
from penstock.sagas import lifecycle as sagas
from penstock.sagas.errors import UnknownSaga
from penstock.workflows import lifecycle as workflows
from penstock.workflows.errors import UnknownWorkflow, WrongState

NOW = datetime(2026, 11, 24, 10, 0, 0, 123_000, tzinfo=UTC)
FIRST, SECOND = {"name": "Refund", "steps": [1]}, {"name": "Refund", "steps": [2]}
KINDS: dict[str, tuple[Any, Command, type[Exception], type[Any]]] = {
    "workflow": (workflows, Create(FIRST), UnknownWorkflow, WrongState),
    "saga": (sagas, Create(FIRST), UnknownSaga, WrongState),
    "process": (processes, Change(FIRST), UnknownProcess, WrongStatus),
}
OF_EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def documents(kind: str = "workflow") -> Documents[Any]:
    known = KINDS[kind][0]
    repository = Repository(known.AGGREGATE, MemoryEventStore(), MemorySnapshotStore())
    return Documents(repository, known.DECISIONS, lambda: NOW)


def send(to: Documents[Any], command: Command, **more: Any) -> Any:
    return to.handle("acme", "refund", command, Origin("test", "test"), **more)


def after(kind: str, *commands: Command) -> tuple[Documents[Any], Any]:
    """What a document comes to that was begun, and got the commands."""
    known = documents(kind)
    return known, [send(known, command) for command in (KINDS[kind][1], *commands)][-1]


@OF_EVERY_KIND
def test_a_version_holds_the_draft_as_it_was_published(kind: str) -> None:
    _, found = after(kind, Publish(), Change(SECOND), Publish(), Change(FIRST))
    assert [(each.number, each.revision, each.definition) for each in found.versions] == [(1, 2, FIRST), (2, 4, SECOND)]
    assert (found.status, found.revision, found.definition) == (Status.PUBLISHED, 5, FIRST)
    assert (found.released().number, found.released(1).definition) == (2, FIRST)


@OF_EVERY_KIND
@pytest.mark.parametrize("number", [-1, 3])
def test_a_version_that_there_is_not_is_unknown(kind: str, number: int) -> None:
    _, found = after(kind, Publish(), Change(SECOND), Publish())
    with pytest.raises(KINDS[kind][2], match=f"version {number} of {kind} refund"):
        found.released(number)


@OF_EVERY_KIND
@pytest.mark.parametrize("commands", [[], [Publish(), Archive()]], ids=["draft", "archived"])
def test_what_is_not_published_is_not_released(kind: str, commands: list[Command]) -> None:
    with pytest.raises(KINDS[kind][2], match=f"published {kind} refund"):
        after(kind, *commands)[1].released()


@OF_EVERY_KIND
def test_the_same_draft_again_changes_nothing(kind: str) -> None:
    assert after(kind, Change(FIRST))[1].revision == 1


@OF_EVERY_KIND
def test_an_archived_document_keeps_its_versions_and_can_be_changed_and_published_again(kind: str) -> None:
    _, found = after(kind, Publish(), Archive(), Change(SECOND), Publish())
    assert (found.status, [each.number for each in found.versions]) == (Status.PUBLISHED, [1, 2])


@OF_EVERY_KIND
@pytest.mark.parametrize("command", [Publish(), Archive()], ids=["publish", "archive"])
def test_what_is_not_there_is_unknown(kind: str, command: Command) -> None:
    with pytest.raises(KINDS[kind][2], match=f"{kind} refund"):
        send(documents(kind), command)


@OF_EVERY_KIND
def test_what_is_archived_is_not_archived_again(kind: str) -> None:
    with pytest.raises(KINDS[kind][3]) as raised:
        after(kind, Archive(), Archive())
    assert raised.value.status == Status.ARCHIVED


@pytest.mark.parametrize("kind", ["workflow", "saga"])
def test_an_id_is_taken_once(kind: str) -> None:
    with pytest.raises(WrongState, match=f"create {kind} refund: it is draft"):
        after(kind, Create(SECOND))


def test_versions_of_a_saga_are_bounded() -> None:
    known, _ = after("saga", *[Publish()] * sagas.MOST_VERSIONS)
    with pytest.raises(WrongState, match=f"version {sagas.MOST_VERSIONS}"):
        send(known, Publish())


def test_a_restored_version_is_the_draft_again() -> None:
    _, found = after("workflow", Publish(), Change(SECOND), Restore(1))
    assert (found.definition, found.revision, len(found.versions)) == (FIRST, 4, 1)


@pytest.mark.parametrize("command", [Change(SECOND), Publish(), Restore(1), Archive(), Delete()], ids=str)
def test_a_deleted_workflow_is_unknown(command: Command) -> None:
    known, found = after("workflow", Publish(), Delete())
    assert (found.status, found.is_there) == (Status.DELETED, False)
    with pytest.raises(UnknownWorkflow):
        send(known, command)
    with pytest.raises(WrongState, match="it is deleted"):
        send(known, Create(FIRST))


@OF_EVERY_KIND
def test_a_command_for_another_revision_is_told_where_the_document_stands(kind: str) -> None:
    known, _ = after(kind, Publish())
    with pytest.raises(RevisionConflict, match=f"the {kind} stands at revision 2") as raised:
        send(known, Change(SECOND), revision=1)
    assert (raised.value.expected, raised.value.found) == (1, 2)
    assert send(known, Change(SECOND), revision=2).revision == 3


@OF_EVERY_KIND
def test_a_command_that_is_sent_again_is_answered_as_the_first_time(kind: str) -> None:
    known, _ = after(kind)
    first = send(known, Change(SECOND), command_id="c-1")
    send(known, Publish())
    assert send(known, Change(SECOND), command_id="c-1") == first


def test_a_document_is_as_it_was_after_a_snapshot() -> None:
    _, found = after("workflow", Publish(), Change(SECOND), Publish(), Archive())
    assert dump(found)[4][0] == [1, 2, "2026-11-24T10:00:00.123Z", FIRST]
    assert restore(workflows.Workflow, dump(found)) == found
