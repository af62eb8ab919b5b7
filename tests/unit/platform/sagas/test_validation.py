"""What is wrong with a saga definition is told all at once, each problem with its path."""

from pathlib import Path
from typing import Any

import pytest

from penstock.sagas.errors import InvalidSaga
from penstock.sagas.library import built_in
from penstock.sagas.validation import parse, validate
from penstock.workflows import manifest
from penstock.workflows.catalogue import catalogue

RELEASE = {"name": "Release", "type": "stock.release", "parameters": {"sku": "pump", "entry": "{{ $execution.key }}"}}
RESERVE = {"name": "Reserve", "type": "stock.reserve", "parameters": {"sku": "pump"}, "compensation": RELEASE}
TELL = {"name": "Tell", "type": "core.emit", "parameters": {"type": "order.done"}}


def saga(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Order", "steps": list(steps), **more}


def found(definition: Any) -> set[tuple[str, str]]:
    return {(problem.path, problem.rule) for problem in validate(definition, catalogue())}


@pytest.mark.parametrize("built", built_in().values(), ids=lambda each: each.id)
def test_a_built_in_saga_has_no_problem(built: Any) -> None:
    assert validate(built.definition, catalogue()) == []


def test_a_saga_is_checked_against_the_nodes_of_wings_that_are_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "manifest.json"
    monkeypatch.setattr("sys.argv", ["manifest", str(file)])
    manifest.main()
    known = manifest.read_manifest(file)
    onboarding = built_in()["patient_onboarding"].definition
    assert validate(onboarding, known) == []
    first, *others = onboarding["steps"]
    bad = {**onboarding, "steps": [{**first, "parameters": {"resources": 7}}, *others]}
    assert {problem.path for problem in validate(bad, known)} >= {"steps[0].parameters.resources"}


def test_a_valid_saga_is_parsed() -> None:
    assert [entry.name for entry in parse(saga(RESERVE, TELL), catalogue()).steps] == ["Reserve", "Tell"]


def test_all_problems_come_at_once() -> None:
    bad = saga({"name": "A", "type": "stock.reserv", "speed": 1}, {**RESERVE, "parameters": {"quantity": 0}})
    with pytest.raises(InvalidSaga) as raised:
        parse(bad, catalogue())
    paths = {(problem.path, problem.rule) for problem in raised.value.problems}
    assert paths >= {
        ("steps[0].speed", "shape"),
        ("steps[0].type", "unknown_type"),
        ("steps[1].parameters.sku", "parameter"),
        ("steps[1].parameters.quantity", "parameter"),
    }


CASES = [
    pytest.param(saga(RESERVE, RESERVE), ("steps[1].name", "duplicate_name"), id="two of a name"),
    pytest.param(
        saga({**RESERVE, "compensation": {**RELEASE, "name": "Reserve"}}),
        ("steps[0].compensation.name", "duplicate_name"),
        id="a compensation named as its step",
    ),
    pytest.param(saga({**TELL, "name": "Completed"}), ("steps[0].name", "reserved_name"), id="a state of the machine"),
    pytest.param(saga({**TELL, "name": "Paid done?"}), ("steps[0].name", "shape"), id="a question mark"),
    pytest.param(saga({**TELL, "name": "{% $now() %}"}), ("steps[0].name", "shape"), id="what a machine would run"),
    pytest.param(
        saga({**TELL, "name": "${StepFunction}"}), ("steps[0].name", "shape"), id="what a deployment fills in"
    ),
    pytest.param(
        saga(
            *(
                {"name": f"g{g}", "parallel": [{**TELL, "name": f"s{g}.{s} {'x' * 50}"} for s in range(20)]}
                for g in range(50)
            )
        ),
        ("steps", "size"),
        id="too large for a machine",
    ),
    pytest.param(
        saga({**TELL, "type": "core.wait", "parameters": {"seconds": 1}}), ("steps[0].type", "unfit_type"), id="waits"
    ),
    pytest.param(
        saga({**TELL, "pivot": True}, {**TELL, "name": "Again", "pivot": True}),
        ("steps[1].pivot", "second_pivot"),
        id="two pivots",
    ),
    pytest.param(
        saga({"name": "Both", "parallel": [RESERVE, {**TELL, "pivot": True}]}),
        ("steps[0].parallel[1].pivot", "pivot_in_group"),
        id="a pivot beside others",
    ),
    pytest.param(
        saga({**TELL, "pivot": True}, RESERVE), ("steps[1].compensation", "compensation_after_pivot"), id="never undone"
    ),
    pytest.param(
        saga({**TELL, "parameters": {"type": "x", "data": {"a": "{{ $('Reserve').first().json.a }}"}}}, RESERVE),
        ("steps[0].parameters.data.a", "not_earlier"),
        id="reads a later step",
    ),
    pytest.param(
        saga({**TELL, "parameters": {"type": "x", "data": {"a": "{{ $('Nobody').first().json.a }}"}}}),
        ("steps[0].parameters.data.a", "unknown_reference"),
        id="reads nobody",
    ),
    pytest.param(
        saga({**TELL, "parameters": {"type": "x", "data": {"a": "{{ 1 + }}"}}}),
        ("steps[0].parameters.data.a", "expression"),
        id="not JavaScript",
    ),
    pytest.param(
        saga({**TELL, "retry": {"delay_seconds": 60, "max_delay_seconds": 60}}),
        ("steps[0].retry.max_delay_seconds", "delay"),
        id="a cap no longer than the first delay",
    ),
    pytest.param(saga(TELL, input={"type": "objekt"}), ("input", "schema"), id="not a JSON Schema"),
    pytest.param([], ("$", "shape"), id="not an object"),
    pytest.param(saga(), ("steps", "shape"), id="no steps"),
]


@pytest.mark.parametrize(("definition", "problem"), CASES)
def test_a_problem_is_told_with_its_path(definition: Any, problem: tuple[str, str]) -> None:
    assert problem in found(definition)
