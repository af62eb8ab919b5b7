"""Nodes that tell others: emit event, respond to webhook."""

import pytest

from penstock.events import StreamId
from penstock.events.memory import MemoryEventStore
from penstock.workflows.node import Emit, NodeFailure, Response

A, B = {"n": 1}, {"n": 2}


def emitted(store: MemoryEventStore) -> list:
    return [event for stream in store.streams() for commit in store.commits(stream) for event in commit.events]


def test_every_item_becomes_an_event_of_its_own_stream(run, store) -> None:
    outcome = run("core.emit", [A, B], [{"type": "lab.filed"}, {"type": "lab.late", "data": {"x": 9}}])
    first, second = emitted(store)
    assert (first.type, first.data, second.type, second.data) == ("lab.filed", A, "lab.late", {"x": 9})
    assert {event.stream.kind for event in (first, second)} == {"event"}
    assert first.stream != second.stream
    assert outcome.outputs["main"][0] is A


def test_an_event_names_the_workflow_and_the_execution_that_it_comes_from(run, store) -> None:
    run("core.emit", [A], {"type": "lab.filed"})
    (event,) = emitted(store)
    assert (event.stream.tenant, event.origin.actor, event.origin.correlation) == ("acme", "workflow:w1", "x1")


def test_an_event_is_stored_once_when_the_node_runs_again(run, store) -> None:
    for _ in range(2):
        run("core.emit", [A, B], {"type": "lab.filed"}, key="x1/Emit/0/1")
    assert [event.data for event in emitted(store)] == [A, B]


def test_another_run_of_the_node_emits_again(run, store) -> None:
    run("core.emit", [A], {"type": "lab.filed"}, key="x1/Emit/0/1")
    run("core.emit", [A], {"type": "lab.filed"}, key="x1/Emit/1/1")
    assert len(emitted(store)) == 2


@pytest.mark.parametrize("event_type", ["", "1a", "a b", "a#b", "x" * 101])
def test_an_event_type_that_subscribers_could_not_name_is_refused(run, event_type: str) -> None:
    with pytest.raises(NodeFailure, match="type"):
        run("core.emit", [A], {"type": event_type})


def test_too_many_events_at_once_are_refused_before_the_first(run, store) -> None:
    with pytest.raises(NodeFailure, match="1001 items; at most 1000"):
        run("core.emit", [A] * 1_001, {"type": "lab.filed"})
    assert emitted(store) == []


@pytest.mark.parametrize(
    ("parameters", "response"),
    [
        ({"body": {"ok": True}, "status": 201, "headers": {"X-Id": "7"}}, Response(201, {"X-Id": "7"}, {"ok": True})),
        ({"content": "first_item"}, Response(200, {}, A)),
        ({"content": "items"}, Response(200, {}, [A, B])),
        ({}, Response(200, {}, None)),
    ],
)
def test_respond_answers_and_passes_the_items_on(run, parameters: dict, response: Response) -> None:
    items = [A, B]
    assert run("core.respond", items, parameters) == Emit({"main": items}, response=response)


@pytest.mark.parametrize("headers", [{"X Y": "1"}, {"": "1"}, {"X": "a\r\nSet-Cookie: b"}, {"X": "a\x00"}])
def test_respond_refuses_headers_that_would_break_the_answer(run, headers: dict) -> None:
    with pytest.raises(NodeFailure, match="headers"):
        run("core.respond", [A], {"headers": headers})


@pytest.mark.parametrize("status", [100, 199, 600])
def test_respond_refuses_a_status_that_is_no_answer(run, status: int) -> None:
    with pytest.raises(NodeFailure, match="status"):
        run("core.respond", [A], {"status": status})


def test_an_event_over_the_stores_limit_fails_for_good(run, store, monkeypatch) -> None:
    from penstock.events import CommitTooLarge

    def refuse(stream: StreamId, *_, **__):
        raise CommitTooLarge(str(stream), 500, 400)

    monkeypatch.setattr(store, "append", refuse)
    with pytest.raises(NodeFailure, match="item 0: an event of 500 bytes") as caught:
        run("core.emit", [A], {"type": "lab.filed"})
    assert (caught.value.kind, caught.value.permanent) == ("EventTooLarge", True)
