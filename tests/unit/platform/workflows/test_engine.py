"""What the engine does beyond graphs: crashes, waits, callbacks, children, limits."""

from collections import Counter
from datetime import timedelta

import pytest

from penstock.clock import to_millis
from penstock.events import Conflict, StreamId
from penstock.workflows.errors import UnknownCallback, UnknownExecution, WrongState
from penstock.workflows.execution.fold import expand
from penstock.workflows.execution.state import Delivery, Execution, Run
from tests.unit.platform.workflows.world import FOREVER, ORIGIN, Crash, World, one_step, workflow

SLOW_ACTION = {"t": ("core.trigger.manual",), "a": ("test.flaky",), "b": ("test.flaky",), "c": ("test.flaky",)}
CHAIN = workflow(SLOW_ACTION, "t>a, a>b, b>c")
ASK = workflow({"t": ("core.trigger.manual",), "ask": ("test.ask",)}, "t>ask")


def test_an_execution_of_pure_nodes_is_one_commit() -> None:
    world = World({"main": workflow({"t": ("core.trigger.manual",), "p": ("test.pass",)}, "t>p")})
    execution = world.start()
    assert [commit.number for commit in world.store.commits(execution.id)] == [1]


def test_an_action_runs_between_two_commits() -> None:
    world = World({"main": CHAIN})
    execution = world.start()
    commits = [[event.type for event in commit.events] for commit in world.store.commits(execution.id)]
    assert commits == [
        ["ExecutionStarted", "NodeCompleted"],
        ["NodeCompleted"],
        ["NodeCompleted"],
        ["NodeCompleted"],
        ["ExecutionCompleted"],
    ]


@pytest.mark.parametrize("die_at", [1, 2, 3, 4])
def test_a_node_that_ran_before_a_crash_runs_again_with_the_same_key(die_at: int) -> None:
    world = World({"main": CHAIN})
    world.runner.die_at = die_at
    with pytest.raises(Crash):
        world.start(execution_id="x")
    world.runner.die_at = None
    stream = next(iter(world.store.streams()), None)
    execution = world.start(execution_id="x") if stream is None else world.engine.resume(stream, FOREVER)
    assert execution.status == "done"
    twice = [key for key, count in world.runner.keys.items() if count == 2]
    assert len(world.runner.keys) == 4
    assert len(twice) == 1


def test_the_node_runs_again_but_never_those_that_were_stored() -> None:
    world = World({"main": CHAIN})
    world.runner.die_at = 3
    with pytest.raises(Crash):
        world.start(execution_id="x")
    world.runner.die_at = None
    world.engine.resume(next(iter(world.store.streams())), FOREVER)
    assert world.runner.keys == Counter({"x/t/0/1": 1, "x/a/0/1": 1, "x/b/0/1": 2, "x/c/0/1": 1})


def test_starting_an_execution_again_goes_on_with_the_one_there_is() -> None:
    world = World({"main": ASK})
    first, second = world.start(execution_id="x"), world.start([{"n": 2}], execution_id="x")
    assert first.id == second.id
    assert len(world.events(first.id)) == 3


def test_two_drivers_on_one_execution_meet_in_the_store() -> None:
    world = World({"main": CHAIN})
    execution = world.start(spent=lambda: True)
    slow, fast = world.engine._load(execution.id), world.engine._load(execution.id)
    world.engine._drive(fast, FOREVER)
    with pytest.raises(Conflict):
        world.engine._drive(slow, FOREVER)
    assert world.engine.load(execution.id).status == "done"
    assert [event.version for event in world.events(execution.id)] == list(range(1, 7))


def test_a_callback_resumes_the_run_that_waits_for_it_once() -> None:
    world = World({"main": ASK})
    execution = world.start()
    token = next(iter(execution.waiting.values())).token
    assert execution.status == "waiting"
    done = world.engine.signal(execution.id, token, {"ok": True}, ORIGIN, FOREVER)
    assert (done.status, done.result()) == ("done", [{"answer": {"ok": True}}])
    with pytest.raises(UnknownCallback):
        world.engine.signal(execution.id, token, {"ok": True}, ORIGIN, FOREVER)


def test_a_wrong_token_resumes_nothing() -> None:
    world = World({"main": ASK})
    execution = world.start()
    with pytest.raises(UnknownCallback):
        world.engine.signal(execution.id, "guess", None, ORIGIN, FOREVER)
    assert world.engine.load(execution.id).status == "waiting"


def test_a_cancelled_execution_ends_and_cannot_be_cancelled_again() -> None:
    world = World({"main": ASK})
    execution = world.start()
    assert world.engine.cancel(execution.id, "enough", ORIGIN).status == "cancelled"
    with pytest.raises(WrongState):
        world.engine.cancel(execution.id, "enough", ORIGIN)


def test_a_failed_execution_goes_on_from_the_node_that_failed() -> None:
    nodes = {"t": ("core.trigger.manual",), "a": ("test.flaky",), "b": ("test.flaky", {"fail_attempts": 1})}
    world = World({"main": workflow(nodes, "t>a, a>b")})
    execution = world.start()
    assert (execution.status, execution.error) == ("failed", {"type": "Flaky", "message": "attempt 1 fails"})
    assert world.engine.retry(execution.id, ORIGIN, FOREVER).status == "done"
    assert [key.split("/")[1:] for key in world.runner.keys] == [
        ["t", "0", "1"],
        ["a", "0", "1"],
        ["b", "0", "1"],
        ["b", "0", "2"],
    ]


def test_only_a_failed_execution_can_be_retried() -> None:
    world = World({"main": ASK})
    with pytest.raises(WrongState):
        world.engine.retry(world.start().id, ORIGIN, FOREVER)


def test_a_retry_waits_longer_each_time() -> None:
    retry = {"retry": {"attempts": 4, "delay_seconds": 10, "backoff": 3, "max_delay_seconds": 50}}
    nodes = {"t": ("core.trigger.manual",), "a": ("test.flaky", {"fail_attempts": 3}, retry)}
    world = World({"main": workflow(nodes, "t>a")})
    execution = world.start()
    begun = world.clock.now
    waits = []
    for time, stream in world.wake.take():
        waits.append((time - world.clock.now).total_seconds())
        world.clock.now = time
        world.engine.resume(stream, FOREVER)
    assert waits == [10, 30, 50]
    assert world.engine.load(execution.id).status == "done"
    assert world.clock.now - begun == timedelta(seconds=90)


def test_a_patient_driver_sleeps_through_a_short_wait() -> None:
    nodes = {"t": ("core.trigger.manual",), "w": ("core.wait", {"seconds": 3})}
    world = World({"main": workflow(nodes, "t>w")}, patience=5)
    begun = world.clock.now
    assert world.start().status == "done"
    assert world.clock.now - begun == timedelta(seconds=3)
    assert not world.wake.calls


def test_the_error_output_carries_what_failed() -> None:
    nodes = {
        "t": ("core.trigger.manual",),
        "a": ("test.flaky", {"fail_attempts": 9}, {"on_error": "error_output"}),
        "handler": ("test.pass",),
        "after": ("test.pass",),
    }
    world = World({"main": workflow(nodes, "t>a, a>after, a.error>handler")})
    execution = world.start([{"n": 1}])
    assert execution.status == "done"
    assert execution.result() == [{"n": 1, "error": {"type": "Flaky", "message": "attempt 1 fails"}}]
    assert "after" not in execution.outputs


def test_the_time_limit_ends_an_execution_that_waits() -> None:
    nodes = {"t": ("core.trigger.manual",), "w": ("core.wait", {"seconds": 1000})}
    world = World({"main": workflow(nodes, "t>w", timeout_seconds=60)})
    execution = world.start()
    assert execution.deadline == to_millis(world.clock.now) + 60_000
    world.drain()
    ended = world.engine.load(execution.id)
    assert (ended.status, ended.error["type"]) == ("failed", "TimeLimit")


def test_a_node_that_takes_too_long_fails_with_a_timeout() -> None:
    import threading

    release = threading.Event()
    nodes = {"t": ("core.trigger.manual",), "a": ("test.flaky", {}, {"timeout_seconds": 0.05})}
    world = World({"main": workflow(nodes, "t>a")})
    run = world.runner.run
    object.__setattr__(
        world.engine,
        "runner",
        type("Slow", (), {"run": lambda _, request: (release.wait(5 * ("/a/" in request.key)), run(request))[1]})(),
    )
    execution = world.start()
    release.set()
    assert (execution.status, execution.error["type"]) == ("failed", "Timeout")


def test_a_child_runs_within_its_parent() -> None:
    parent = workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "child"})}, "t>c")
    world = World({"main": parent, "child": CHAIN})
    execution = world.start([{"n": 7}])
    assert (execution.status, execution.result()) == ("done", [{"n": 7}])
    assert not world.wake.calls


def test_a_parent_goes_on_when_a_child_that_waited_has_ended() -> None:
    parent = workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "child"})}, "t>c")
    world = World({"main": parent, "child": ASK})
    execution = world.start()
    child = next(stream for stream in world.store.streams() if stream != execution.id)
    token = next(iter(world.engine.load(child).waiting.values())).token
    world.engine.signal(child, token, 42, ORIGIN, FOREVER)
    world.drain()
    done = world.engine.load(execution.id)
    assert (done.status, done.result()) == ("done", [{"answer": 42}])


def test_a_child_that_fails_fails_its_parents_node() -> None:
    parent = workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "child"})}, "t>c")
    failing = workflow({"t": ("core.trigger.manual",), "a": ("test.flaky", {"fail_attempts": 1})}, "t>a")
    world = World({"main": parent, "child": failing})
    assert world.start().error["type"] == "ChildFailed"


def test_a_retry_starts_a_new_child_that_the_old_one_cannot_answer_for() -> None:
    again = {"retry": {"attempts": 2, "delay_seconds": 5}}
    parent = workflow({"t": ("core.trigger.manual",), "c": ("core.workflow", {"workflow": "child"}, again)}, "t>c")
    world = World({"main": parent, "child": ASK})
    execution = world.start(execution_id="x")
    (first,) = [stream for stream in world.store.streams() if stream != execution.id]
    world.engine.cancel(first, "no", ORIGIN)
    world.drain()
    (second,) = [stream for stream in world.store.streams() if stream not in (execution.id, first)]
    world.engine.resume(first, FOREVER)
    assert world.engine.load(execution.id).status == "waiting"
    token = next(iter(world.engine.load(second).waiting.values())).token
    world.engine.signal(second, token, "yes", ORIGIN, FOREVER)
    world.drain()
    assert world.engine.load(execution.id).result() == [{"answer": "yes"}]


def test_two_branches_that_failed_are_both_tried_again() -> None:
    nodes = {
        "t": ("core.trigger.manual",),
        "a": ("test.flaky", {"fail_attempts": 1}),
        "b": ("test.flaky", {"fail_attempts": 1}),
    }
    world = World({"main": workflow(nodes, "t>a, t>b")})
    execution = world.start(execution_id="x")
    assert world.engine.retry(execution.id, ORIGIN, FOREVER).status == "done"
    assert set(world.runner.keys) == {"x/t/0/1", "x/a/0/1", "x/b/0/1", "x/a/0/2", "x/b/0/2"}


def test_a_workflow_that_calls_itself_ends() -> None:
    parent = workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "main"})}, "t>c")
    execution = World({"main": parent}).start()
    assert execution.status == "failed"


def test_a_child_that_nobody_published_fails_the_node() -> None:
    parent = workflow({"t": ("core.trigger.manual",), "c": ("test.child", {"workflow": "gone"})}, "t>c")
    execution = World({"main": parent}).start()
    assert execution.status == "failed"
    assert "gone" in execution.error["message"]


def test_no_more_executions_run_at_once_than_the_limit_allows() -> None:
    limited = workflow({"t": ("core.trigger.manual",), "ask": ("test.ask",)}, "t>ask", concurrency=1)
    world = World({"main": limited})
    first, second = world.start(), world.start()
    assert (first.status, second.status) == ("waiting", "running")
    assert not second.outputs
    token = next(iter(first.waiting.values())).token
    world.engine.signal(first.id, token, None, ORIGIN, FOREVER)
    world.drain()
    assert world.engine.load(second.id).status == "waiting"


def test_a_failure_starts_the_error_workflow_once() -> None:
    failing = workflow(
        {"t": ("core.trigger.manual",), "a": ("test.flaky", {"fail_attempts": 1})}, "t>a", error_workflow="on_error"
    )
    world = World({"main": failing, "on_error": workflow({"t": ("core.trigger.manual",)})})
    execution = world.start(execution_id="x")
    world.engine.resume(execution.id, FOREVER)
    world.drain()
    started = [stream for stream in world.store.streams() if stream != execution.id]
    assert [stream.key for stream in started] == ["x-error"]
    error = world.engine.load(started[0])
    assert (error.status, error.result()[0]["error"]["type"]) == ("done", "Flaky")


def test_a_long_execution_is_resumed_from_its_snapshot() -> None:
    nodes = {"t": ("core.trigger.manual",), "loop": ("core.loop",), "p": ("test.pass",), "ask": ("test.ask",)}
    world = World({"main": workflow(nodes, "t>loop, loop.batch>p, p>loop.next, loop.done>ask")})
    execution = world.start([{"n": n} for n in range(80)])
    assert world.snapshots.load(execution.id) is None
    assert world.repository().take_snapshot(execution.id)
    assert world.snapshots.load(execution.id).position.version >= 100
    token = next(iter(world.engine.load(execution.id).waiting.values())).token
    assert world.engine.signal(execution.id, token, 1, ORIGIN, one_step()).outputs["loop"][80]["done"][79] == {"n": 79}


def test_items_of_one_port_are_found_without_gathering_those_of_the_others() -> None:
    """A loop that went round a thousand times has a thousand deliveries at its other port, at each event."""
    run = Run("loop", 1, {"main": (Delivery("t", 0, "main"),), "next": (Delivery("gathered", 0, "main"),)})
    execution = Execution(
        StreamId("acme", "execution", "x"), graphs=lambda *_: None, outputs={"t": {0: {"main": [{"n": 1}]}}}
    )
    assert expand({"from": "main"}, execution, run) == [{"n": 1}]
    with pytest.raises(KeyError, match="gathered"):
        expand({"from": "next"}, execution, run)


def test_an_execution_that_never_was_is_unknown() -> None:
    world = World({"main": ASK})
    stream = world.start().id
    with pytest.raises(UnknownExecution):
        world.engine.load(type(stream)("other", stream.kind, stream.key))


def test_the_state_at_an_earlier_version_is_a_fold_to_there() -> None:
    world = World({"main": CHAIN})
    execution = world.start()
    assert set(world.engine.load_at(execution.id, version=3).outputs) == {"t", "a"}
