"""What Step Functions is told, and what its answers mean; how machines behave is in `tests/contract`."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from penstock.aws.errors import AwsError, Refused
from penstock.aws.machines import StepFunctions
from penstock.sagas.errors import MachineMissing
from penstock.sagas.machines import LONGEST_NAME, Machine
from tests.contract.conftest import ON_MOTO
from tests.contract.test_machines import DEFINITION, OWN, WORKSHOP


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("stepfunctions", **ON_MOTO)


def described(client: Any) -> Any:
    (found,) = client.list_state_machines()["stateMachines"]
    return client.describe_state_machine(stateMachineArn=found["stateMachineArn"])


def test_a_built_in_machine_that_is_not_there_is_an_error(client: Any) -> None:
    machines = StepFunctions(client, {"gone": f"{WORKSHOP.prefix}gone"}, WORKSHOP)
    with pytest.raises(AwsError) as raised:
        machines.start(Machine("acme", "gone"), "r1", {})
    assert raised.value.code == "StateMachineDoesNotExist"


def test_an_own_machine_has_its_steps_names_its_one_role_and_logs_without_data(client: Any) -> None:
    StepFunctions(client, {}, WORKSHOP).deploy(OWN, DEFINITION)
    found = described(client)
    task = json.loads(found["definition"])["States"]["pay"]
    assert task["Arguments"]["FunctionName"] == WORKSHOP.function
    assert (found["roleArn"], found["type"]) == (WORKSHOP.role, "STANDARD")
    assert found["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": WORKSHOP.log_group}}],
    }


def test_an_own_machine_is_tagged_with_whose_it_is(client: Any) -> None:
    StepFunctions(client, {}, WORKSHOP).deploy(Machine("ac~me", "refund", 3), DEFINITION)
    tags = client.list_tags_for_resource(resourceArn=described(client)["stateMachineArn"])["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {
        "penstock:tenant": "ac_me",
        "penstock:saga": "refund",
        "penstock:version": "3",
    }


def test_names_of_machines_are_unique_and_bounded() -> None:
    prefix = "penstock-abcdefghijklmnop-own-"
    whose = [("a", "b_c", 1), ("a", "b_c", 2), ("b", "b_c", 1), ("a", "c", 1), ("a", "r" * 60, 10**6)]
    whose += [("a", "r" * 60, 1), ("a", "r" * 59 + "s", 1), ("t" * 200, "r", 1), ("a", "b_c-v1", 1)]
    names = {Machine(*each).name(prefix) for each in whose}
    assert len(names) == len(whose)
    for name in names:
        assert re.fullmatch(r"[0-9A-Za-z_-]+", name)
        assert len(name) <= LONGEST_NAME
        assert name.startswith(prefix)
    assert Machine("a", "refund", 2).name(prefix).startswith(f"{prefix}refund-v2-")


class Answers:
    """A Step Functions client that refuses with a code what is named."""

    def __init__(self, **codes: str) -> None:
        self.codes, self.calls = codes, list[tuple[str, Any]]()

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((operation, request))
            if code := self.codes.get(operation):
                raise ClientError({"Error": {"Code": code, "Message": ""}}, operation)
            return {"executions": []}

        return call


def test_a_machine_that_an_older_compiler_made_is_made_anew() -> None:
    client = Answers(create_state_machine="StateMachineAlreadyExists")
    StepFunctions(client, {}, WORKSHOP).deploy(OWN, DEFINITION)
    (_, created), (operation, updated) = client.calls
    assert operation == "update_state_machine"
    assert updated["stateMachineArn"].endswith(f":{created['name']}")
    assert {updated[name] == created[name] for name in ("definition", "roleArn", "loggingConfiguration")} == {True}


@pytest.mark.parametrize("code", ["StateMachineDeleting", "ThrottlingException"])
def test_what_cannot_be_made_now_is_missing(code: str) -> None:
    with pytest.raises(MachineMissing):
        StepFunctions(Answers(create_state_machine=code), {}, WORKSHOP).deploy(OWN, DEFINITION)


def test_what_step_functions_will_not_make_is_an_error() -> None:
    with pytest.raises(Refused):
        StepFunctions(Answers(create_state_machine="StateMachineLimitExceeded"), {}, WORKSHOP).deploy(OWN, DEFINITION)


def test_a_machine_that_is_being_deleted_is_missing_and_counts_as_retired() -> None:
    client = Answers(start_execution="StateMachineDeleting", list_executions="StateMachineDeleting")
    machines = StepFunctions(client, {}, WORKSHOP)
    with pytest.raises(MachineMissing):
        machines.start(OWN, "r1", {})
    assert machines.retire(OWN)


def test_without_a_workshop_own_machines_are_missing() -> None:
    machines = StepFunctions(Answers(), {})
    with pytest.raises(MachineMissing):
        machines.start(OWN, "r1", {})
    with pytest.raises(MachineMissing):
        machines.deploy(OWN, DEFINITION)
