"""The breaker of an endpoint."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from penstock.routing.circuit import (
    COOL_DOWNS,
    FAILURES_TO_OPEN,
    LONGEST_FAILING,
    PROBE,
    Circuit,
    State,
    admitted,
    failed,
    is_given_up,
    since,
    succeeded,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def opened(now: datetime = NOON) -> Circuit:
    circuit = Circuit(1)
    for _ in range(FAILURES_TO_OPEN):
        circuit = failed(circuit, now)
    return circuit


def test_a_circuit_opens_at_the_fifth_failure_in_a_row() -> None:
    circuit = Circuit(1)
    for _ in range(FAILURES_TO_OPEN - 1):
        circuit = failed(circuit, NOON)
        assert circuit.state is State.CLOSED
    assert failed(succeeded(circuit), NOON).state is State.CLOSED
    assert failed(circuit, NOON).state is State.OPEN


def test_an_open_circuit_lets_nothing_through_until_its_cool_down_is_over() -> None:
    circuit = opened()
    assert admitted(circuit, NOON + COOL_DOWNS[0] - timedelta(milliseconds=1)) is None
    probing = admitted(circuit, NOON + COOL_DOWNS[0])
    assert probing
    assert probing.state is State.HALF_OPEN


def test_half_open_one_probe_is_under_way_at_a_time_and_one_that_died_is_replaced() -> None:
    begun = NOON + COOL_DOWNS[0]
    probing = admitted(opened(), begun)
    assert probing
    assert admitted(probing, begun + PROBE - timedelta(seconds=1)) is None
    assert admitted(probing, begun + PROBE)


def test_a_probe_that_succeeds_closes_the_circuit_and_forgets_all() -> None:
    probing = admitted(opened(), NOON + COOL_DOWNS[0])
    assert probing
    assert succeeded(probing) == Circuit(1)


def test_each_probe_that_fails_makes_the_cool_down_longer_up_to_a_bound() -> None:
    circuit, now, waits = opened(), NOON, []
    for _ in range(len(COOL_DOWNS) + 2):
        assert circuit.until
        waits.append(circuit.until - now)
        now = circuit.until
        probing = admitted(circuit, now)
        assert probing
        circuit = failed(probing, now)
    assert waits == [*COOL_DOWNS, COOL_DOWNS[-1], COOL_DOWNS[-1]]


def test_a_failure_that_began_before_the_circuit_opened_keeps_it_open_no_longer() -> None:
    late = failed(opened(), NOON + timedelta(seconds=10))
    assert (late.state, late.until, late.openings) == (State.OPEN, NOON + COOL_DOWNS[0], 1)


def test_an_endpoint_is_given_up_after_days_without_a_success() -> None:
    circuit = failed(opened(), NOON + timedelta(days=1))
    assert not is_given_up(circuit, NOON + LONGEST_FAILING - timedelta(seconds=1))
    assert is_given_up(circuit, NOON + LONGEST_FAILING)
    assert not is_given_up(succeeded(circuit), NOON + LONGEST_FAILING)


def test_a_new_epoch_begins_afresh_in_the_place_of_the_old_circuit() -> None:
    old = Circuit(1, State.OPEN, failures=9, until=NOON, revision=7)
    assert since(old, 1) is old
    assert since(old, 4) == Circuit(4, revision=7)
    assert since(None, 4) == Circuit(4)


@given(st.lists(st.tuples(st.sampled_from(["success", "failure", "attempt"]), st.integers(0, 7_200)), max_size=40))
def test_an_open_circuit_always_opens_its_door_again(steps: list[tuple[str, int]]) -> None:
    circuit, now = Circuit(1), NOON
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        match step:
            case "success":
                circuit = succeeded(circuit)
            case "failure":
                circuit = failed(circuit, now)
            case _:
                circuit = admitted(circuit, now) or circuit
        assert (circuit.state is State.CLOSED) == (circuit.until is None)
        assert (circuit.failures == 0) == (circuit.failing_since is None)
    assert admitted(circuit, now + max(COOL_DOWNS[-1], PROBE))
