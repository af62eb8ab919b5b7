"""What every implementation of Machines must do: in memory, and Step Functions on moto."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.machines import StepFunctions, Workshop
from penstock.sagas.errors import MachineMissing
from penstock.sagas.machines import Machine, Machines
from tests.contract.conftest import ON_MOTO
from tests.contract.memory_machines import MemoryMachines

ACCOUNT = "arn:aws:states:eu-central-1:123456789012:stateMachine"
WORKSHOP = Workshop(
    prefix=f"{ACCOUNT}:penstock-test-own-",
    role="arn:aws:iam::123456789012:role/sagas",
    function="arn:aws:lambda:eu-central-1:123456789012:function:penstock-test-saga_steps",
    log_group="arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/penstock-test-own:*",
)
DEFINITION = {"name": "Refund", "steps": [{"name": "pay", "type": "core.noop"}]}
OWN = Machine("acme", "refund", 1)
BUILT_IN = Machine("acme", "orders")


@dataclass(frozen=True)
class Bench:
    """Machines under test, and what runs on them: the orders of an own machine by name, and how to end them."""

    machines: Machines
    running: Callable[[Machine], dict[str, Any]]
    end: Callable[[Machine], None]


def _memory() -> Iterator[Bench]:
    machines = MemoryMachines()
    yield Bench(machines, lambda machine: machines.running.get(machine, {}), machines.end)


def _moto() -> Iterator[Bench]:
    with mock_aws():
        client = boto3.client("stepfunctions", **ON_MOTO)
        built_in = client.create_state_machine(name="orders", definition="{}", roleArn=WORKSHOP.role)
        machines = StepFunctions(client, {"orders": built_in["stateMachineArn"]}, WORKSHOP)

        def executions(machine: Machine) -> list[Any]:
            arn = machines._arn(machine)
            found = client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
            return [client.describe_execution(executionArn=each["executionArn"]) for each in found]

        def running(machine: Machine) -> dict[str, Any]:
            return {each["name"]: json.loads(each["input"]) for each in executions(machine)}

        def end(machine: Machine) -> None:
            for each in executions(machine):
                client.stop_execution(executionArn=each["executionArn"])

        yield Bench(machines, running, end)


@pytest.fixture(params=[_memory, _moto], ids=["memory", "moto"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    yield from request.param()


@pytest.mark.parametrize("machine", [OWN, BUILT_IN], ids=["own", "built in"])
def test_an_execution_is_started_once_under_its_name(bench: Bench, machine: Machine) -> None:
    if machine is OWN:
        bench.machines.deploy(OWN, DEFINITION)
    bench.machines.start(machine, "r1", {"run": "r1"})
    bench.machines.start(machine, "r1", {"run": "something else"})
    bench.machines.start(machine, "r2", {"run": "r2"})
    assert bench.running(machine) == {"r1": {"run": "r1"}, "r2": {"run": "r2"}}


def test_an_own_machine_that_was_never_made_is_missing(bench: Bench) -> None:
    bench.machines.deploy(OWN, DEFINITION)
    for other in (Machine("acme", "refund", 2), Machine("other", "refund", 1), Machine("acme", "refunds", 1)):
        with pytest.raises(MachineMissing):
            bench.machines.start(other, "r1", {})


def test_deploying_twice_leaves_what_runs_alone(bench: Bench) -> None:
    bench.machines.deploy(OWN, DEFINITION)
    bench.machines.start(OWN, "r1", {"run": "r1"})
    bench.machines.deploy(OWN, DEFINITION)
    assert bench.running(OWN) == {"r1": {"run": "r1"}}


def test_a_machine_is_retired_only_when_nothing_runs_on_it(bench: Bench) -> None:
    bench.machines.deploy(OWN, DEFINITION)
    bench.machines.start(OWN, "r1", {"run": "r1"})
    assert not bench.machines.retire(OWN)
    assert bench.running(OWN)
    bench.end(OWN)
    assert bench.machines.retire(OWN)
    with pytest.raises(MachineMissing):
        bench.machines.start(OWN, "r2", {})


def test_a_machine_that_is_gone_can_be_retired_again_and_made_again(bench: Bench) -> None:
    assert bench.machines.retire(OWN)
    bench.machines.deploy(OWN, DEFINITION)
    assert bench.machines.retire(OWN)
    bench.machines.deploy(OWN, DEFINITION)
    bench.machines.start(OWN, "r1", {"run": "r1"})
    assert bench.running(OWN)
