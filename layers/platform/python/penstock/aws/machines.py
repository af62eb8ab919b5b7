"""Step Functions: starts the state machines of sagas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from penstock.aws.errors import AwsError, translated
from penstock.json import JSONObject, dumps

_STARTED = "ExecutionAlreadyExists"


class _Client(Protocol):
    def start_execution(self, **request: Any) -> Any: ...


@dataclass(frozen=True)
class StepFunctions:
    """Machines by the id of their saga: the ARNs."""

    client: _Client
    arns: Mapping[str, str]

    def start(self, saga: str, name: str, order: JSONObject) -> None:
        """See Machines.start. Raises AwsError."""
        try:
            with translated():
                self.client.start_execution(stateMachineArn=self.arns[saga], name=name, input=dumps(order).decode())
        except AwsError as error:
            if error.code != _STARTED:
                raise
