"""Step Functions: starts the state machines of sagas, and makes and takes away those of tenants' own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from penstock.aws.errors import AwsError, Unavailable, translated
from penstock.json import JSONObject, dumps
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.errors import MachineMissing
from penstock.sagas.machines import Machine
from penstock.sagas.plan import Plan
from penstock.sagas.states_language import compile as compile_machine

_STARTED = "ExecutionAlreadyExists"
_THERE = "StateMachineAlreadyExists"
_GOING = "StateMachineDeleting"
_GONE = frozenset({"StateMachineDoesNotExist", _GOING})
_NO_TAG = re.compile(r"[^\w.:/=+@-]")
"""What a tag's value may not hold, but a tenant's name may."""


class _Client(Protocol):
    def start_execution(self, **request: Any) -> Any: ...
    def create_state_machine(self, **request: Any) -> Any: ...
    def update_state_machine(self, **request: Any) -> Any: ...
    def delete_state_machine(self, **request: Any) -> Any: ...
    def list_executions(self, **request: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where the machines of own sagas are made: what their ARNs begin with, the ARN of the role that they run as, of
    the function that performs their steps, and of the log group that they write to."""

    prefix: str
    role: str
    function: str
    log_group: str


@dataclass(frozen=True)
class StepFunctions:
    """Machines: the built-in sagas' by ARN, and own ones where there is a workshop.

    Without one an own saga's machine counts as missing: whoever has a workshop makes it a minute later.
    """

    client: _Client
    arns: Mapping[str, str]
    workshop: Workshop | None = None

    def start(self, machine: Machine, name: str, order: JSONObject) -> None:
        """See Machines.start. Raises AwsError."""
        try:
            with translated():
                self.client.start_execution(stateMachineArn=self._arn(machine), name=name, input=dumps(order).decode())
        except AwsError as error:
            if error.code in _GONE and machine.version is not None:
                raise MachineMissing(machine.saga, machine.version) from error
            if error.code != _STARTED:
                raise

    def deploy(self, machine: Machine, definition: JSONObject) -> None:
        """See Machines.deploy. Raises AwsError."""
        workshop = self._workshop_for(machine)
        plan = Plan(SagaDefinition.model_validate(definition))
        made = {
            "definition": dumps(compile_machine(plan, workshop.function)).decode(),
            "roleArn": workshop.role,
            "loggingConfiguration": {
                "level": "ALL",
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": workshop.log_group}}],
            },
        }
        try:
            self._make(machine, made)
        except AwsError as error:
            if isinstance(error, Unavailable) or error.code == _GOING:
                raise MachineMissing(machine.saga, machine.version) from error
            raise

    def retire(self, machine: Machine) -> bool:
        """See Machines.retire. Raises AwsError."""
        arn = self._arn(machine)
        try:
            with translated():
                running = self.client.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)
                if running["executions"]:
                    return False
                self.client.delete_state_machine(stateMachineArn=arn)
        except AwsError as error:
            if error.code not in _GONE:
                raise
        return True

    def _make(self, machine: Machine, made: JSONObject) -> None:
        """Create it; one that is there as another compiler made it is made anew, and what runs on it goes on."""
        arn = self._arn(machine)
        about = {"tenant": machine.tenant, "saga": machine.saga, "version": str(machine.version)}
        tags = [{"key": f"penstock:{name}", "value": _NO_TAG.sub("_", value)} for name, value in about.items()]
        try:
            with translated():
                self.client.create_state_machine(name=arn.rpartition(":")[2], type="STANDARD", tags=tags, **made)
        except AwsError as error:
            if error.code != _THERE:
                raise
            with translated():
                self.client.update_state_machine(stateMachineArn=arn, **made)

    def _arn(self, machine: Machine) -> str:
        if machine.version is None:
            return self.arns[machine.saga]
        start, _, prefix = self._workshop_for(machine).prefix.rpartition(":")
        return f"{start}:{machine.name(prefix)}"

    def _workshop_for(self, machine: Machine) -> Workshop:
        if self.workshop is None:
            raise MachineMissing(machine.saga, machine.version)
        return self.workshop
