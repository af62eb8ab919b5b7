"""Counting: what each event moves, and each commit counted once whatever happens between two writes."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Conflict
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.views import MemoryViewStore, Row
from penstock.metrics import counting
from penstock.metrics.buckets import Bucket, projection
from penstock.metrics.counting import Beginnings, count
from penstock.metrics.tally import Metrics
from penstock.sagas import events as saga
from penstock.workflows.execution import events as execution
from tests.unit.platform.metrics.runs import BOOM, History, completed, failed, saga_started, started

HOUR, NEXT, DAY = "2026-11-24T10", "2026-11-24T11", "2026-11-24"


class Killed(Exception):
    """The function was cut off."""


class Mortal(MemoryViewStore):
    """Dies before or after the write that its script says."""

    def __init__(self) -> None:
        super().__init__()
        self.fates: list[str] = []

    def save(self, row: Row, replaces: Row | None) -> bool:
        fate = self.fates.pop(0) if self.fates else "well"
        if fate == "before":
            raise Killed
        saved = super().save(row, replaces)
        if fate == "after":
            raise Killed
        return saved


def count_all(history: History, views: MemoryViewStore, checkpoints: MemoryCheckpointStore | None = None) -> None:
    count(history.feed, Beginnings(history.store), views, checkpoints or MemoryCheckpointStore(), history.tenant)


def metrics(views: MemoryViewStore, name: str = "w-1", period: str = DAY, subject: str = "workflow") -> Metrics:
    row = views.load(projection(subject), Bucket("acme", subject, name, period).stream)
    return Metrics.parse(row.document) if row and row.document else Metrics()


def everything(views: MemoryViewStore) -> dict[str, Any]:
    found = [view for subject in ("workflow", "saga") for view in views.list("acme", projection(subject)).items]
    return {f"{view.document['name']} {view.document['period']}": view.document for view in found}


def test_an_execution_moves_the_counters_of_its_workflow_and_its_nodes() -> None:
    history, views = History(), MemoryViewStore()
    events = [started(), completed("a", 20), failed("b", "retry"), failed("b"), execution.ExecutionFailed(BOOM, "b")]
    again = [execution.ExecutionRetried(), completed("b", 40), execution.ExecutionCompleted()]
    history.tell(history.append("e-1", [events]))
    history.tell(history.append("e-1", [again]))
    count_all(history, views)
    found = metrics(views)
    assert found.runs.counts == {"started": 1, "failed": 1, "retried": 1, "completed": 1}
    assert found.runs.errors == {"Boom": 1}
    assert [found.runs.durations.percentile(each) for each in (0, 100)] == pytest.approx([400, 700], rel=0.01)
    assert found.nodes["a"].counts == {"runs": 1}
    assert found.nodes["b"].counts == {"runs": 2, "failures": 1, "retries": 1}
    assert found.nodes["b"].errors == {"Boom": 2}
    assert found.nodes["b"].durations.percentile(50) == pytest.approx(40, rel=0.01)


def test_an_event_counts_for_the_hour_in_which_it_happened() -> None:
    history, views = History(), MemoryViewStore()
    events = [started(), *(completed("a") for _ in range(10)), execution.ExecutionCompleted()]
    history.tell(history.append("e-1", [events]))
    count_all(history, views)
    assert metrics(views, period=HOUR).runs.counts == {"started": 1}
    assert metrics(views, period=NEXT).runs.counts == {"completed": 1}
    assert metrics(views, period=HOUR) + metrics(views, period=NEXT) == metrics(views)


def test_a_saga_is_counted_by_its_steps() -> None:
    history, views = History(), MemoryViewStore()
    run = [
        saga_started(),
        saga.StepSucceeded("debit"),
        saga.StepFailed("credit", 1, BOOM, final=False),
        saga.StepFailed("credit", 2, BOOM, final=True),
        saga.SagaReversed(),
        saga.SagaCompensated(),
    ]
    history.tell(history.append("r-1", [run], kind="saga"))
    count_all(history, views)
    found = metrics(views, "transfer", subject="saga")
    assert (found.runs.counts, found.runs.errors) == ({"started": 1, "failed": 1}, {"Compensated": 1})
    assert found.nodes["debit"].counts == {"runs": 1}
    assert found.nodes["credit"].counts == {"runs": 1, "failures": 1, "retries": 1}


def test_later_commits_are_counted_for_the_workflow_that_the_first_one_names() -> None:
    history, views, checkpoints = History(), MemoryViewStore(), MemoryCheckpointStore()
    history.tell(history.append("e-1", [[started("w-7")]]))
    count_all(history, views, checkpoints)
    history.tell(history.append("e-1", [[completed("a")], [execution.ExecutionCompleted()]]))
    count_all(history, views, checkpoints)
    assert metrics(views, "w-7").runs.counts == {"started": 1, "completed": 1}


def test_streams_of_other_kinds_and_streams_that_never_began_count_for_nothing() -> None:
    history, views = History(), MemoryViewStore()
    history.tell(history.append("e-1", [[completed("a")], [execution.ExecutionCompleted()]]))
    count_all(history, views)
    assert everything(views) == {}


def test_runs_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_REMEMBERED", 2)
    history, views = History(), MemoryViewStore()
    for key in ("e-1", "e-2", "e-3"):
        history.tell(history.append(key, [[started()]]))
    beginnings = Beginnings(history.store)
    count(history.feed, beginnings, views, MemoryCheckpointStore(), "acme")
    assert 1 <= len(beginnings._known) <= 2


def test_losing_to_rivals_for_ever_ends_in_a_conflict() -> None:
    class Losing(MemoryViewStore):
        def save(self, row: Row, replaces: Row | None) -> bool:
            return False

    history = History()
    history.tell(history.append("e-1", [[started()]]))
    with pytest.raises(Conflict):
        count_all(history, Losing())


runs = st.tuples(
    st.sampled_from(["w-1", "w-2"]),
    st.lists(st.sampled_from(["a", "b"]), max_size=3),
    st.sampled_from([execution.ExecutionCompleted(), execution.ExecutionFailed(BOOM), None]),
    st.booleans(),
)


def told(found: Sequence[Any], in_entry: int) -> History:
    """The runs in a feed: in one commit or in two, several streams in an entry."""
    history = History()
    spans = []
    for place, (workflow, nodes, end, is_split) in enumerate(found):
        events = [started(workflow), *map(completed, nodes), *([end] if end else [])]
        commits = [events[:1], events[1:]] if is_split and len(events) > 1 else [events]
        spans += [history.append(f"e-{place}", [commit]) for commit in commits]
    for at in range(0, len(spans), in_entry):
        one_each = {span.stream: span for span in spans[at : at + in_entry]}
        for span in [each for each in spans[at : at + in_entry] if one_each[each.stream] is not each]:
            history.tell(span)
        history.tell(*one_each.values())
    return history


@given(
    found=st.lists(runs, min_size=1, max_size=8),
    in_entry=st.integers(1, 4),
    step=st.integers(1, 4),
    fates=st.lists(st.sampled_from(["well", "well", "before", "after"]), max_size=30),
)
def test_a_run_that_is_cut_off_anywhere_counts_everything_once(
    found: list[Any], in_entry: int, step: int, fates: list[str]
) -> None:
    history, whole = told(found, in_entry), MemoryViewStore()
    count_all(history, whole)
    views, checkpoints = Mortal(), MemoryCheckpointStore()
    views.fates = list(fates)
    with pytest.MonkeyPatch.context() as patch:
        for attempt in range(len(fates) + 1):
            # Each time in steps of another size: what a step takes in is not the same after a crash.
            patch.setattr(counting, "ENTRIES_A_STEP", 1 + (step + attempt) % 4)
            try:
                count_all(history, views, checkpoints)
            except Killed:
                continue
            break
    assert everything(views) == everything(whole)


@given(found=st.lists(runs, min_size=1, max_size=6), ahead=st.integers(0, 6))
def test_a_rival_that_begins_from_an_older_checkpoint_counts_nothing_again(found: list[Any], ahead: int) -> None:
    history, views = told(found[:ahead], 2), MemoryViewStore()
    count_all(history, views)
    before = everything(views)
    count_all(history, views)
    assert everything(views) == before
