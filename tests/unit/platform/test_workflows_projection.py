"""Workflows are found by what starts their published version."""

from datetime import UTC, datetime

from penstock.events import Commit, Origin, Position, StreamId
from penstock.events.model import record
from penstock.events.projection import fold
from penstock.projections.workflows import WORKFLOWS
from penstock.workflows.lifecycle import (
    EVENTS,
    VersionRestored,
    WorkflowArchived,
    WorkflowCreated,
    WorkflowDeleted,
    WorkflowPublished,
    WorkflowUpdated,
)

STREAM = StreamId("acme", "workflow", "w")


def hook(path: str, **more):
    return {"name": path, "type": "core.trigger.webhook", "parameters": {"path": path}, **more}


def definition(*nodes):
    return {"name": "W", "nodes": list(nodes)}


def row(*happened):
    drafts = [EVENTS.draft(event, datetime(2026, 1, 1, tzinfo=UTC)) for event in happened]
    events = record(STREAM, Position(), drafts, Origin("ann", "c"))
    return fold(WORKFLOWS, STREAM, None, [Commit(STREAM, 1, "c", events)])


def test_a_draft_is_found_by_nothing() -> None:
    assert row(WorkflowCreated(definition(hook("a")))).lookups == frozenset()


def test_a_published_workflow_is_found_by_its_webhooks() -> None:
    found = row(WorkflowCreated(definition(hook("a"), hook("b"))), WorkflowPublished(1))
    assert found.lookups == {("webhook", "a"), ("webhook", "b")}


def test_a_changed_draft_leaves_what_is_published() -> None:
    happened = [WorkflowCreated(definition(hook("a"))), WorkflowPublished(1), WorkflowUpdated(definition(hook("b")))]
    assert row(*happened).lookups == {("webhook", "a")}
    assert row(*happened, WorkflowPublished(2)).lookups == {("webhook", "b")}


def test_a_restored_version_is_published_with_its_own_triggers() -> None:
    happened = [
        WorkflowCreated(definition(hook("a"))),
        WorkflowPublished(1),
        WorkflowUpdated(definition(hook("b"))),
        VersionRestored(1),
        WorkflowPublished(2),
    ]
    assert row(*happened).lookups == {("webhook", "a")}


def test_a_disabled_trigger_starts_nothing() -> None:
    assert row(WorkflowCreated(definition(hook("a", disabled=True))), WorkflowPublished(1)).lookups == frozenset()


def test_an_archived_workflow_is_found_by_nothing() -> None:
    happened = [WorkflowCreated(definition(hook("a"))), WorkflowPublished(1), WorkflowArchived()]
    assert row(*happened).lookups == frozenset()
    assert row(*happened).document["status"] == "archived"


def test_a_deleted_workflow_is_shown_nowhere() -> None:
    assert row(WorkflowCreated(definition(hook("a"))), WorkflowDeleted()).document is None


def test_an_event_trigger_is_found_by_the_kind_of_stream_it_listens_to() -> None:
    listener = {"name": "l", "type": "core.trigger.event", "parameters": {"types": ["x"], "kind": None}}
    lab = {"name": "m", "type": "healthcare.trigger.hl7", "parameters": {}}
    found = row(WorkflowCreated(definition(listener, lab)), WorkflowPublished(1))
    assert found.lookups == {("event", "*"), ("event", "hl7_message")}
