"""Own sagas and their machines, where the one who publishes, starts or archives crashes at the worst moment."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.aws.errors import Refused
from penstock.documents import lifecycle as documents
from penstock.documents.errors import RevisionConflict
from penstock.events import Origin
from penstock.events.memory import MemoryEventStore
from penstock.library import BuiltIn
from penstock.sagas import deciding, lifecycle
from penstock.sagas.deciding import Outcome
from penstock.sagas.errors import InvalidSaga, MachineMissing, UnknownSaga
from penstock.sagas.machines import Machine
from penstock.sagas.ownership import OwnSagas
from penstock.sagas.service import Sagas
from penstock.sagas.state import AGGREGATE, Status
from penstock.sagas.steps import Order, Steps
from penstock.workflows.catalogue import catalogue
from penstock.workflows.errors import WrongState
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit
from tests.contract.memory_machines import MemoryMachines

WHO = Origin("test", "test")
TELL = {"type": "core.emit", "parameters": {"type": "refunded"}}
FIRST = {"name": "Refund", "steps": [{"name": "Pay back", **TELL}]}
SECOND = {"name": "Refund", "steps": [{"name": "Pay it back", **TELL}]}
V1, V2 = Machine("acme", "refund", 1), Machine("acme", "refund", 2)
MISSING = MachineMissing("refund", 1)


class Nothing:
    """A NodeRunner whose nodes do nothing."""

    def run(self, request: NodeRequest) -> Emit:
        return Emit.main([{}])


class Platform:
    """Own sagas and their runs on machines in memory."""

    def __init__(self, library: dict[str, BuiltIn] | None = None) -> None:
        self.machines = MemoryMachines()
        self.store = MemoryEventStore()
        self.own = OwnSagas(self.store, self.machines, library or {}, catalogue())
        self.sagas = Sagas(self.store, self.machines, self.own)

    def publish(self, definition: Any = FIRST) -> lifecycle.OwnSaga:
        try:
            self.own.change("acme", "refund", definition, WHO)
        except UnknownSaga:
            self.own.create("acme", "refund", definition, WHO)
        return self.own.publish("acme", "refund", WHO)

    def settle(self) -> None:
        self.own.settle(lifecycle.AGGREGATE.stream("acme", "refund"))

    def finish(self, run: str) -> None:
        """Let the machine of a run do its work and end; then the watcher looks."""
        steps = Steps(self.store, Nothing())
        found = self.sagas.read("acme", run).state
        for name in found.steps:
            assert steps.perform(Order("acme", run, "act", name)) is Outcome.DONE
        steps.perform(Order("acme", run, "complete"))
        self.machines.end(Machine("acme", found.saga, found.version))
        self.sagas.carry_on(AGGREGATE.stream("acme", run))


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_publishing_makes_a_machine_for_each_version(platform: Platform) -> None:
    platform.publish(FIRST)
    platform.publish(SECOND)
    assert platform.machines.made == {V1: FIRST, V2: SECOND}


@pytest.mark.parametrize("failure", [MISSING, Refused("CreateStateMachine", "AccessDenied")], ids=["later", "refused"])
def test_what_was_published_without_its_machine_gets_it_when_the_watcher_looks(
    platform: Platform, failure: Exception
) -> None:
    platform.machines.failures = [failure]
    assert platform.publish().status is documents.Status.PUBLISHED
    assert platform.machines.made == {}
    for _ in range(2):
        platform.settle()
    assert platform.machines.made == {V1: FIRST}


def test_the_watcher_tells_when_it_could_not_make_the_machine(platform: Platform) -> None:
    platform.publish()
    platform.machines.failures = [MISSING]
    with pytest.raises(MachineMissing):
        platform.settle()


def test_a_run_makes_the_machine_that_whoever_published_did_not(platform: Platform) -> None:
    platform.machines.failures = [MISSING]
    platform.publish()
    run = platform.sagas.start("acme", "refund", {}, WHO)
    assert list(platform.machines.running[V1]) == [run.id.key]


def test_a_run_whose_machine_cannot_be_made_yet_waits_for_it_and_not_for_a_person(platform: Platform) -> None:
    platform.machines.failures = [MISSING] * 3
    platform.publish()
    run = platform.sagas.start("acme", "refund", {}, WHO)
    assert run.status is Status.RUNNING
    with pytest.raises(MachineMissing):
        platform.sagas.carry_on(run.id)
    platform.sagas.carry_on(run.id)
    assert list(platform.machines.running[V1]) == [run.id.key]


def test_a_run_whose_machine_is_refused_waits_for_a_person_who_sends_it_on(platform: Platform) -> None:
    platform.machines.failures = [Refused("CreateStateMachine", "StateMachineLimitExceeded")] * 2
    platform.publish()
    run = platform.sagas.start("acme", "refund", {}, WHO)
    assert run.status is Status.NEEDS_ATTENTION
    platform.sagas.resume("acme", run.id.key, "there is room again", WHO)
    assert list(platform.machines.running[V1]) == [f"{run.id.key}-1"]


def test_a_run_keeps_its_version_when_a_newer_one_is_published(platform: Platform) -> None:
    platform.publish(FIRST)
    old = platform.sagas.start("acme", "refund", {}, WHO)
    platform.publish(SECOND)
    new = platform.sagas.start("acme", "refund", {}, WHO)
    older = platform.sagas.start("acme", "refund", {}, WHO, version=1)
    assert [(run.version, list(run.steps)) for run in (old, new, older)] == [
        (1, ["Pay back"]),
        (2, ["Pay it back"]),
        (1, ["Pay back"]),
    ]
    assert set(platform.machines.running[V1]) == {old.id.key, older.id.key}
    assert set(platform.machines.running[V2]) == {new.id.key}


def test_archiving_takes_idle_machines_away_at_once_and_the_others_when_their_runs_have_ended(
    platform: Platform,
) -> None:
    platform.publish(FIRST)
    run = platform.sagas.start("acme", "refund", {}, WHO)
    platform.publish(SECOND)
    platform.own.archive("acme", "refund", WHO)
    platform.settle()
    assert set(platform.machines.made) == {V1}
    platform.finish(run.id.key)
    assert platform.machines.made == {}
    assert platform.sagas.read("acme", run.id.key).state.status is Status.COMPLETED


def test_the_end_of_a_run_takes_nothing_away_that_can_still_be_started(platform: Platform) -> None:
    platform.publish(FIRST)
    platform.finish(platform.sagas.start("acme", "refund", {}, WHO).id.key)
    assert set(platform.machines.made) == {V1}


def test_a_run_that_is_sent_on_after_its_machine_was_taken_away_gets_it_again(platform: Platform) -> None:
    platform.publish()
    run = platform.sagas.start("acme", "refund", {}, WHO)
    platform.machines.end(V1)
    loaded = platform.sagas.read("acme", run.id.key)
    platform.sagas._save(loaded, deciding.ask_for_attention(loaded.state), WHO)
    platform.own.archive("acme", "refund", WHO)
    platform.settle()
    assert platform.machines.made == {}
    platform.sagas.resume("acme", run.id.key, "go on", WHO)
    assert platform.machines.made == {V1: FIRST}


def test_the_id_of_a_built_in_saga_cannot_be_taken() -> None:
    platform = Platform({"refund": BuiltIn("refund", "core", FIRST)})
    with pytest.raises(WrongState, match="built in"):
        platform.own.create("acme", "refund", SECOND, WHO)


def test_a_built_in_saga_cannot_be_changed() -> None:
    platform = Platform({"refund": BuiltIn("refund", "core", FIRST)})
    acts: list[Callable[[], object]] = [
        lambda: platform.own.change("acme", "refund", SECOND, WHO),
        lambda: platform.own.publish("acme", "refund", WHO),
        lambda: platform.own.archive("acme", "refund", WHO),
    ]
    for act in acts:
        with pytest.raises(WrongState, match="built in"):
            act()
    with pytest.raises(UnknownSaga, match="built in"):
        platform.sagas.start("acme", "refund", {}, WHO, version=1)


def test_a_saga_that_a_later_release_also_brings_stays_the_tenants() -> None:
    platform = Platform()
    platform.publish(SECOND)
    later = OwnSagas(platform.store, platform.machines, {"refund": BuiltIn("refund", "core", FIRST)}, catalogue())
    assert later.release("acme", "refund").definition == SECOND
    assert later.release("other", "refund").definition == FIRST
    assert later.archive("acme", "refund", WHO).status is documents.Status.ARCHIVED


def test_a_tenants_saga_is_nobody_elses(platform: Platform) -> None:
    platform.publish()
    acts: list[Callable[[], object]] = [
        lambda: platform.own.read("other", "refund"),
        lambda: platform.own.version("other", "refund", 1),
        lambda: platform.own.publish("other", "refund", WHO),
        lambda: platform.sagas.start("other", "refund", {}, WHO),
    ]
    for act in acts:
        with pytest.raises(UnknownSaga):
            act()


@pytest.mark.parametrize("saga", ["Refund", "1refund", "re fund", "re-fund", "r" * 61])
def test_an_id_is_a_word(platform: Platform, saga: str) -> None:
    with pytest.raises(InvalidSaga) as raised:
        platform.own.create("acme", saga, FIRST, WHO)
    assert [problem.path for problem in raised.value.problems] == ["id"]


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(platform: Platform) -> None:
    seen = platform.own.create("acme", "refund", FIRST, WHO).revision
    platform.own.change("acme", "refund", SECOND, WHO)
    acts: list[Callable[[], object]] = [
        lambda: platform.own.change("acme", "refund", FIRST, WHO, seen),
        lambda: platform.own.publish("acme", "refund", WHO, seen),
    ]
    for act in acts:
        with pytest.raises(RevisionConflict):
            act()


def test_a_draft_that_no_longer_holds_is_not_published(platform: Platform) -> None:
    platform.own.create("acme", "refund", FIRST, WHO)
    without = OwnSagas(platform.store, platform.machines, {}, {})
    with pytest.raises(InvalidSaga):
        without.publish("acme", "refund", WHO)


def test_what_equals_a_default_is_not_stored(platform: Platform) -> None:
    step = {"name": "Pay back", **TELL, "timeout_seconds": 30, "pivot": False, "compensation": None}
    spelt_out = {"name": "Refund", "description": "", "steps": [step]}
    assert platform.own.create("acme", "refund", spelt_out, WHO).definition == FIRST
