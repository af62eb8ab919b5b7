"""Starting state machines on Step Functions."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.errors import AwsError
from penstock.aws.machines import StepFunctions

ROLE = "arn:aws:iam::123456789012:role/sagas"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("stepfunctions", region_name="eu-central-1")


@pytest.fixture
def machines(client: Any) -> StepFunctions:
    arn = client.create_state_machine(name="orders", definition="{}", roleArn=ROLE)["stateMachineArn"]
    return StepFunctions(client, {"orders": arn, "gone": f"{arn}-gone"})


def started(client: Any, machines: StepFunctions) -> list[Any]:
    found: list[Any] = client.list_executions(stateMachineArn=machines.arns["orders"])["executions"]
    return found


def test_an_execution_is_started_under_its_name_with_its_order(client: Any, machines: StepFunctions) -> None:
    machines.start("orders", "r1", {"run": "r1"})
    (execution,) = started(client, machines)
    given = client.describe_execution(executionArn=execution["executionArn"])["input"]
    assert (execution["name"], json.loads(given)) == ("r1", {"run": "r1"})


def test_one_that_was_started_before_is_left_alone(client: Any, machines: StepFunctions) -> None:
    machines.start("orders", "r1", {"run": "r1"})
    machines.start("orders", "r1", {"run": "another order, which Step Functions refuses"})
    assert len(started(client, machines)) == 1


def test_a_machine_that_is_not_there_is_an_error(machines: StepFunctions) -> None:
    with pytest.raises(AwsError) as raised:
        machines.start("gone", "r1", {})
    assert raised.value.code == "StateMachineDoesNotExist"
