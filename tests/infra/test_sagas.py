"""The state machines of the built-in sagas, as they are deployed."""

import json
from typing import Any

from infra.layers import WingLayers
from penstock.sagas.library import built_in
from tests.infra.sample import SAMPLE, Templates, synthesise, write_function

MACHINE = "AWS::StepFunctions::StateMachine"


def _definition(machine: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(machine["DefinitionString"])
    return found


def test_every_saga_of_a_package_is_a_standard_machine_named_by_it(repo: Templates) -> None:
    machines = repo.of_type(MACHINE).values()
    assert {machine["StateMachineName"] for machine in machines} == {f"penstock-prod-{saga}" for saga in built_in()}
    assert {machine["StateMachineType"] for machine in machines} == {"STANDARD"}


def test_a_machine_logs_its_steps_without_their_data_and_is_not_traced(repo: Templates) -> None:
    for machine in repo.of_type(MACHINE).values():
        logging = machine["LoggingConfiguration"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
        assert machine["TracingConfiguration"] == {"Enabled": False}


def test_a_machine_shows_each_step_by_its_name(repo: Templates) -> None:
    (machine,) = [
        each for each in repo.of_type(MACHINE).values() if each["StateMachineName"].endswith("order_fulfilment")
    ]
    shown = set(_definition(machine)["States"])
    assert shown >= {"Reserve inventory", "Charge payment", "Ship order", "Confirm order", "Release inventory"}
    assert list(machine["DefinitionSubstitutions"]) == ["StepFunction"]


def test_a_machine_may_call_the_function_that_performs_steps_and_nothing_else(repo: Templates) -> None:
    of_role = [right for name, right in repo.statements() if "-Sagas.Role" in name]
    (invoke,) = [right for right in of_role if "logs:" not in json.dumps(right)]
    assert invoke["Action"] == "lambda:InvokeFunction"
    assert "sagasteps" in json.dumps(invoke["Resource"])


def test_a_run_that_needs_a_person_rings(repo: Templates) -> None:
    alarms = [
        alarm for alarm in repo.of_type("AWS::CloudWatch::Alarm").values() if alarm.get("Namespace") == "AWS/States"
    ]
    assert len(alarms) == len(built_in())
    assert {alarm["MetricName"] for alarm in alarms} == {"ExecutionsFailed"}


def test_a_machine_that_stops_is_heard_of_and_what_is_not_heard_is_kept(repo: Templates) -> None:
    (rule,) = [rule for name, rule in repo.of_type("AWS::Events::Rule").items() if "-Sagas." in name]
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert len(rule["EventPattern"]["detail"]["stateMachineArn"]) == len(built_in())
    assert "DeadLetterConfig" in rule["Targets"][0]
    (invocation,) = repo.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert "Unheard" in json.dumps(invocation["DestinationConfig"]["OnFailure"])


def test_the_grant_to_start_machines_names_each_one(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    definition = SAMPLE["audit"].replace("[trigger]", "[grants]\nstart_machines = true\n[trigger]")
    write_function(tmp_path / "functions", "starter", definition)
    templates = synthesise("dev", tmp_path / "functions", layers, tmp_path / "out")
    (right,) = [right for _, right in templates.statements() if right["Action"] == "states:StartExecution"]
    text = json.dumps(right["Resource"])
    assert all(f"stateMachine:penstock-dev-{saga}" in text for saga in built_in())
    variables = templates.function("starter")["Environment"]["Variables"]
    assert all(f'\\"{saga}\\"' in json.dumps(variables["PENSTOCK_MACHINES"]) for saga in built_in())
