"""What workflows, executions and node types are found as: and what is in no document."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from penstock.clock import utc_now
from penstock.events import Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.events.store import head
from penstock.search import Document
from penstock.search.searchable import catalogued, reading, searchables
from penstock.workflows import lifecycle
from penstock.workflows.execution import events as execution

SECRET = "only-the-patient-knows"
DEFINITION: dict[str, Any] = {
    "name": "Lab results to FHIR",
    "description": "What the laboratory sends",
    "nodes": [
        {"name": "Receive", "type": "healthcare.hl7.trigger", "parameters": {"password": SECRET}},
        {"name": "Map", "type": "core.set", "notes": "Ask Anna before changing this", "parameters": {"x": SECRET}},
    ],
    "connections": [{"from": "Receive", "to": "Map"}],
}
FLOW, RUN = StreamId("acme", "workflow", "w-1"), StreamId("acme", "execution", "e-1")
ORIGIN = Origin("key:1", "order-4711")


@pytest.fixture
def store() -> MemoryEventStore:
    return MemoryEventStore()


@pytest.fixture
def happen(store: MemoryEventStore) -> Callable[..., None]:
    def happened(stream: StreamId, *events: Any) -> None:
        types = lifecycle.EVENTS if stream.kind == "workflow" else execution.EVENTS
        position = head(store.commits(stream))
        drafts = [types.draft(event, utc_now()) for event in events]
        store.append(stream, drafts, expected=position, commit_id=f"c{position.commit}", origin=ORIGIN)

    return happened


def documents(store: MemoryEventStore, stream: StreamId) -> Sequence[Document]:
    return list(searchables()[stream.kind].documents(stream, reading(store)))


def started(revision: int = 2) -> Any:
    return execution.ExecutionStarted("w-1", revision, "Receive", [{"patient": SECRET}], "event")


ERROR = {"type": "UnknownPatient", "message": "no such patient"}
FAILED = (
    execution.NodeFailed("Map", 0, 1, ERROR, "stop"),
    execution.ExecutionFailed(ERROR, "Map"),
)


def test_a_workflow_is_found_by_its_name_nodes_and_notes_but_not_its_parameters(
    store: MemoryEventStore, happen: Callable[..., None]
) -> None:
    happen(FLOW, lifecycle.WorkflowCreated(DEFINITION))
    happen(FLOW, lifecycle.WorkflowPublished(1))
    (found,) = documents(store, FLOW)
    assert (found.id, found.title, found.url) == ("workflow:w-1", "Lab results to FHIR", "/v1/workflows/w-1")
    for text in ("What the laboratory sends", "Map (core.set) Ask Anna", "healthcare.hl7.trigger"):
        assert text in found.body
    assert found.fields["status"] == ["published"]
    assert found.fields["wing"] == ["healthcare", "core"]
    assert SECRET not in repr(found)


def test_a_deleted_workflow_is_not_found(store: MemoryEventStore, happen: Callable[..., None]) -> None:
    happen(FLOW, lifecycle.WorkflowCreated(DEFINITION))
    happen(FLOW, lifecycle.WorkflowDeleted())
    assert documents(store, FLOW) == []
    assert documents(store, StreamId("acme", "workflow", "never")) == []


def test_a_failed_execution_is_two_documents_without_its_items(
    store: MemoryEventStore, happen: Callable[..., None]
) -> None:
    happen(FLOW, lifecycle.WorkflowCreated(DEFINITION), lifecycle.WorkflowPublished(1))
    happen(RUN, started(), execution.NodeCompleted("Receive", 0, {"main": [{"patient": SECRET}]}), *FAILED)
    run, error = documents(store, RUN)
    assert (run.id, run.title, run.url) == ("execution:e-1", "Lab results to FHIR", "/v1/executions/e-1")
    assert (error.id, error.title, error.url) == ("error:e-1", "UnknownPatient in Map", "/v1/executions/e-1")
    for text in ("no such patient", "order-4711", "failed"):
        assert text in run.body
    assert "no such patient" in error.body
    assert error.fields == {
        "status": ["failed"],
        "workflow": ["w-1"],
        "error": ["UnknownPatient"],
        "node": ["Map"],
        "node_type": ["core.set"],
    }
    assert SECRET not in repr([run, error])


def test_an_execution_that_is_tried_again_has_no_error(store: MemoryEventStore, happen: Callable[..., None]) -> None:
    happen(RUN, started(), *FAILED)
    happen(RUN, execution.ExecutionRetried())
    (run,) = documents(store, RUN)
    assert run.fields["status"] == ["running"]


def test_an_execution_bears_the_name_that_its_workflow_had(
    store: MemoryEventStore, happen: Callable[..., None]
) -> None:
    happen(FLOW, lifecycle.WorkflowCreated(DEFINITION), lifecycle.WorkflowPublished(1))
    happen(FLOW, lifecycle.WorkflowUpdated({**DEFINITION, "name": "Renamed"}))
    happen(RUN, started(revision=2))
    assert documents(store, RUN)[0].title == "Lab results to FHIR"


def test_an_execution_whose_workflow_is_not_there_bears_its_id(
    store: MemoryEventStore, happen: Callable[..., None]
) -> None:
    happen(RUN, started(), execution.ExecutionFailed({"type": "TimeLimit", "message": "too long"}))
    run, error = documents(store, RUN)
    assert (run.title, error.title) == ("w-1", "TimeLimit")


def test_a_node_type_is_found_by_its_name_description_and_parameters() -> None:
    (found,) = [document for document in catalogued() if document.id == "node_type:core.http.request"]
    assert found.url == "/v1/node-types/core.http.request"
    assert "core.http.request" in found.body
    assert "url" in found.body.splitlines()
    assert found.fields["wing"] == ["core"]


def test_a_document_has_only_fields_that_can_be_asked_for() -> None:
    with pytest.raises(ValueError, match="colour"):
        list(Document("a", "b", "c", "d", "/", 0, {"colour": ["red"]}).facets())


def test_texts_are_bounded() -> None:
    long = Document("a", "b", "t" * 5_000, "b" * 50_000, "/", 0, {"node": [f"n{number}" for number in range(500)]})
    assert (len(long.text("title")), len(long.text("body"))) == (300, 20_000)
    assert len(list(long.facets())) == 101
