"""The machine that a saga is compiled to, where the property tests do not look."""

from typing import Any

from penstock.sagas.definition import SagaDefinition
from penstock.sagas.library import built_in
from penstock.sagas.plan import Plan
from penstock.sagas.states_language import FUNCTION, RESERVED
from penstock.sagas.states_language import compile as compile_machine
from tests.unit.platform.sagas.world import saga, step

LONGEST_STATE_NAME = 80
ASL_TYPES = {"Task", "Parallel", "Pass", "Choice", "Succeed", "Fail"}


def compiled(*steps: Any) -> Any:
    return compile_machine(Plan(SagaDefinition.model_validate(saga(*steps))))


def all_states(machine: Any) -> list[tuple[str, Any]]:
    found = list(machine["States"].items())
    return found + [each for _, state in found for branch in state.get("Branches", ()) for each in all_states(branch)]


def targets(state: Any) -> list[str]:
    rules = (state, *state.get("Choices", ()), *state.get("Catch", ()))
    return [rule[key] for rule in rules for key in ("Next", "Default") if key in rule]


def machines() -> list[Any]:
    known = [compile_machine(Plan(SagaDefinition.model_validate(each.definition))) for each in built_in().values()]
    return [*known, compiled(step("a", undo_attempts=None)), compiled([step("a"), step("b")], step("c", pivot=True))]


def test_names_are_unique_in_the_whole_machine_and_short_enough() -> None:
    for machine in machines():
        names = [name for name, _ in all_states(machine)]
        assert len(names) == len(set(names))
        assert max(map(len, names)) <= LONGEST_STATE_NAME


def test_every_transition_leads_to_a_state_and_every_state_is_led_to() -> None:
    for machine in machines():
        states = machine["States"]
        led_to = {target for state in states.values() for target in targets(state)} | {machine["StartAt"]}
        assert led_to == set(states)


def test_the_longest_name_of_a_step_still_makes_names_of_states() -> None:
    name = "n" * 60
    machine = compiled(step(name, undo_attempts=None), step("other"))
    assert f"{name} done?" in machine["States"]


def test_a_task_has_its_steps_time_limit_and_retries() -> None:
    charged = {**step("charge", attempts=4), "timeout_seconds": 7}
    task = compiled({**charged, "retry": {"attempts": 4, "delay_seconds": 2, "backoff": 3, "max_delay_seconds": 50}})[
        "States"
    ]["charge"]
    assert task["TimeoutSeconds"] == 7
    assert task["Retry"][-1] == {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "MaxAttempts": 3,
        "BackoffRate": 3,
        "MaxDelaySeconds": 50,
        "JitterStrategy": "FULL",
    }
    assert "Lambda.TooManyRequestsException" in task["Retry"][0]["ErrorEquals"]


def test_a_task_names_the_step_and_carries_no_data() -> None:
    task = compiled(step("charge"))["States"]["charge"]
    assert task["Arguments"]["FunctionName"] == FUNCTION
    assert set(task["Arguments"]["Payload"]) == {"tenant", "run", "task", "step"}


def test_what_fails_first_is_undone_in_reverse_order() -> None:
    states = compiled(step("a"), [step("b"), step("c")], step("d"))["States"]
    assert states["d"]["Catch"][0]["Next"] == "und"
    assert states["und done?"]["Choices"][0]["Next"] == "Undo g1"
    assert states["Undo g1"]["Type"] == "Parallel"
    assert states["Undo g1 done?"]["Choices"][0]["Next"] == "una"
    assert states["una done?"]["Choices"][0]["Next"] == "Record compensation"


def test_a_pivot_that_was_refused_is_turned_back_from_and_one_in_doubt_asks() -> None:
    states = compiled(step("a"), step("p", undo_attempts=None, pivot=True), step("z", undo_attempts=None))["States"]
    assert (states["p done?"]["Default"], states["p"]["Catch"][0]["Next"]) == ("una", "Ask for attention")
    assert (states["z done?"]["Default"], states["z"]["Catch"][0]["Next"]) == ("Ask for attention", "Ask for attention")


def test_a_pivot_that_can_be_undone_is_undone_when_in_doubt() -> None:
    states = compiled(step("a"), step("p", pivot=True))["States"]
    assert states["p"]["Catch"][0]["Next"] == "unp"


def test_a_step_after_the_pivot_is_tried_for_hours() -> None:
    last = {name: value for name, value in step("z", undo_attempts=None).items() if name != "retry"}
    retry = compiled(step("p", pivot=True), last)["States"]["z"]["Retry"][-1]
    assert (retry["MaxAttempts"], retry["MaxDelaySeconds"]) == (11, 3_600)


def test_only_states_of_the_language_are_used_and_reserved_names_are_ours() -> None:
    for machine in machines():
        assert {state["Type"] for _, state in all_states(machine)} <= ASL_TYPES
        assert {
            name for name in machine["States"] if machine["States"][name]["Type"] in ("Succeed", "Fail")
        } <= RESERVED
