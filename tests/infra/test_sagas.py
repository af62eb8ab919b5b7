"""The state machines of the built-in sagas, as they are deployed."""

import json
from typing import Any

from infra.functions import discover
from infra.layers import WingLayers
from penstock.sagas.library import built_in
from tests.infra.sample import ROOT, SAMPLE, Templates, synthesise, write_function

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


def rules(repo: Templates) -> dict[str, dict[str, Any]]:
    """The rules of the stack by their name in the code."""
    found = {name.rpartition(".")[2]: rule for name, rule in repo.of_type("AWS::Events::Rule").items()}
    wanted = ("OwnStopped", "Stopped")
    return {own: rule for name, rule in found.items() for own in wanted if name.startswith(own)}


def test_a_run_of_an_own_saga_that_needs_a_person_rings_too(repo: Templates) -> None:
    """Its Fail state is what the rule hears of."""
    alarms = repo.of_type("AWS::CloudWatch::Alarm").values()
    (alarm,) = [each for each in alarms if each["AlarmName"] == "penstock-prod-own-sagas-need-attention"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Events", "TriggeredRules", 1)
    assert "OwnStopped" in json.dumps(alarm["Dimensions"])
    assert alarm["AlarmActions"]


def test_a_machine_that_stops_is_heard_of_and_what_is_not_heard_is_kept(repo: Templates) -> None:
    found = rules(repo)
    assert set(found) == {"Stopped", "OwnStopped"}
    for rule in found.values():
        assert rule["EventPattern"]["source"] == ["aws.states"]
        assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
        assert "sagasteps" in json.dumps(rule["Targets"][0]["Arn"])
        assert "DeadLetterConfig" in rule["Targets"][0]
    (invocation,) = repo.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert "Unheard" in json.dumps(invocation["DestinationConfig"]["OnFailure"])


def test_own_machines_are_heard_by_their_names_and_built_in_ones_by_theirs(repo: Templates) -> None:
    listened = {name: rule["EventPattern"]["detail"]["stateMachineArn"] for name, rule in rules(repo).items()}
    assert len(listened["Stopped"]) == len(built_in())
    (own,) = listened["OwnStopped"]
    assert arn_of(own["prefix"]).endswith(":stateMachine:penstock-prod-own-")


def arn_of(value: Any) -> str:
    """The text of an ARN, with what only AWS knows left out."""
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join(part for part in parts if isinstance(part, str))


def test_own_machines_run_as_a_role_that_may_only_perform_steps_and_write_their_log(repo: Templates) -> None:
    rights = [right for name, right in repo.statements() if "-OwnSagas." in name]
    (invoke,) = [right for right in rights if right["Action"] == "lambda:InvokeFunction"]
    assert arn_of(invoke["Resource"]).endswith(":function:penstock-prod-saga_steps")
    (others,) = [right for right in rights if right is not invoke]
    assert all(action.startswith("logs:") for action in others["Action"])
    (group,) = [group for name, group in repo.of_type("AWS::Logs::LogGroup").items() if "-OwnSagas." in name]
    assert group["LogGroupName"] == "/aws/vendedlogs/states/penstock-prod-own"


MAKERS = ("functionsagas", "functionsagawatch")


def test_only_two_functions_make_machines_and_only_own_ones_with_their_one_role(repo: Templates) -> None:
    making = [(name, right) for name, right in repo.statements() if "states:CreateStateMachine" in right["Action"]]
    assert len(making) == len(MAKERS)
    for name, right in making:
        assert any(maker in name.lower() for maker in MAKERS), name
        assert arn_of(right["Resource"]).endswith(":stateMachine:penstock-prod-own-*")
        assert right["Effect"] == "Allow"
    passing = [right for _, right in repo.statements() if "OwnSagas" in json.dumps(right["Resource"])]
    assert [right["Action"] for right in passing] == ["iam:PassRole"] * len(MAKERS)
    for right in passing:
        assert right["Condition"] == {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    everywhere = [right for _, right in repo.statements() if right["Resource"] == "*"]
    assert not any("states:" in json.dumps(right["Action"]) for right in everywhere)


def test_makers_know_where_own_machines_are_made(repo: Templates) -> None:
    for function in ("sagas", "saga_watch"):
        told = json.dumps(repo.function(function)["Environment"]["Variables"]["PENSTOCK_OWN_MACHINES"])
        assert "stateMachine:penstock-prod-own-" in told
        assert "function:penstock-prod-saga_steps" in told
        assert all(f'\\"{name}\\"' in told for name in ("prefix", "role", "function", "log_group"))
    assert "PENSTOCK_OWN_MACHINES" not in repo.function("saga_steps")["Environment"]["Variables"]


def test_no_wing_is_needed_to_write_a_saga() -> None:
    (sagas,) = [function for function in discover(ROOT / "functions") if function.name == "sagas"]
    assert sagas.wings == ()


def test_the_grant_to_start_machines_names_each_one(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    definition = SAMPLE["audit"].replace("[trigger]", "[grants]\nstart_machines = true\n[trigger]")
    write_function(tmp_path / "functions", "starter", definition)
    templates = synthesise("dev", tmp_path / "functions", layers, tmp_path / "out")
    (right,) = [right for _, right in templates.statements() if right["Action"] == "states:StartExecution"]
    text = json.dumps(right["Resource"])
    assert all(f"stateMachine:penstock-dev-{saga}" in text for saga in built_in())
    variables = templates.function("starter")["Environment"]["Variables"]
    assert all(f'\\"{saga}\\"' in json.dumps(variables["PENSTOCK_MACHINES"]) for saga in built_in())
