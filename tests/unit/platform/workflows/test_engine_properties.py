"""The engine's two promises on generated graphs: the drivers agree, and a cut anywhere changes nothing."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.events.aggregate import Snapshot
from penstock.json import dumps, loads
from penstock.workflows.definition import WorkflowDefinition
from tests.unit.platform.workflows.world import World, one_step, told, workflow, world_at

PORTS = {"core.filter": ("kept", "dropped"), "core.merge": ("main",), "core.loop": ("batch", "done")}
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def graphs(draw: st.DrawFn) -> WorkflowDefinition:
    """A trigger and up to nine nodes, each fed by one or more earlier ones; a loop brings a body that comes back."""
    nodes: dict[str, tuple[object, ...]] = {"t": ("core.trigger.manual",)}
    open_ports, connections = ["t.main"], []
    for index in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["core.filter", "core.merge", "core.loop", "core.wait", "test.flaky", "test.pass"]))
        name = f"n{index}"
        nodes[name] = _node(draw, kind)
        inputs = ("input1", "input2") if kind == "core.merge" else ("main",)
        for port in inputs:
            sources = draw(st.lists(st.sampled_from(open_ports), min_size=1, max_size=2, unique=True))
            connections += [f"{source}>{name}.{port}" for source in sources]
        if kind == "core.loop":
            body = f"b{index}"
            nodes[body] = _node(draw, draw(st.sampled_from(["core.filter", "core.wait", "test.flaky"])))
            connections += [f"{name}.batch>{body}.main"]
            connections += [f"{body}.{port}>{name}.next" for port in PORTS.get(str(nodes[body][0]), ("main",))[:1]]
        open_ports += [f"{name}.{port}" for port in PORTS.get(kind, ("main",)) if port != "batch"]
    return workflow(nodes, ", ".join(connections))


def _node(draw: st.DrawFn, kind: str) -> tuple[object, ...]:
    modulus = draw(st.integers(1, 3))
    parameters = {
        "core.filter": {"condition": f"{{{{ $json.n % {modulus} === 0 }}}}"},
        "core.loop": {"batch_size": modulus},
        "core.wait": {"seconds": modulus - 1},
        "test.flaky": {"fail_attempts": modulus - 1},
    }.get(kind, {})
    retry = {"retry": {"attempts": draw(st.integers(1, 3)), "delay_seconds": 2}} if kind == "test.flaky" else {}
    return (kind, parameters, retry | {"on_error": draw(st.sampled_from(["stop", "continue"]))})


items = st.lists(st.integers(0, 5).map(lambda n: {"n": n}), min_size=1, max_size=5)


@SLOW
@given(graphs(), items)
def test_the_inline_and_the_queued_driver_come_to_the_same_end(
    definition: WorkflowDefinition, given_items: list
) -> None:
    inline, queued = World({"main": definition}), World({"main": definition})
    inline.start(given_items, execution_id="x")
    inline.drain()
    queued.start(given_items, execution_id="x", spent=lambda: True)
    queued.drain(one_step)
    stream = inline.engine.load(next(iter(inline.store.streams()))).id
    one, other = inline.engine.load(stream), queued.engine.load(stream)
    assert one.ended
    assert (one.status, one.outputs, one.error) == (other.status, other.outputs, other.error)


@SLOW
@given(graphs(), items)
def test_an_execution_cut_at_any_event_goes_on_to_the_same_end(
    definition: WorkflowDefinition, given_items: list
) -> None:
    reference = World({"main": definition})
    execution = reference.start(given_items, execution_id="x")
    reference.drain()
    events = reference.events(execution.id)
    for count in range(1, len(events)):
        world = world_at(reference, execution.id, count)
        world.engine.resume(execution.id, lambda: False)
        world.drain()
        assert told(world.events(execution.id)) == told(events)
        assert world.engine.load(execution.id).outputs == reference.engine.load(execution.id).outputs


@SLOW
@given(graphs(), items)
def test_an_execution_is_the_same_from_a_snapshot_at_any_commit(
    definition: WorkflowDefinition, given_items: list
) -> None:
    world = World({"main": definition})
    world.start(given_items, execution_id="x", spent=one_step())
    world.drain(one_step)
    stream = next(iter(world.store.streams()))
    fold, dump = world.repository(), world.repository().aggregate.dump
    assert dump is not None
    whole = dump(fold.load(stream).state)
    for commit in world.store.commits(stream):
        state = dump(fold.load_at(stream, version=commit.position.version).state)
        world.snapshots.save(stream, Snapshot(commit.position, fold.aggregate.fold_version, loads(dumps(state))))
        assert dump(fold.load(stream).state) == whole
