"""Runs a wing's nodes in the wing's own function; the core's in this process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import translated
from penstock.aws.payloads import Payloads
from penstock.json import JSONObject, dumps, loads
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.execution.running import NodeRequest, NodeRunner
from penstock.workflows.node import NodeFailure, Outcome
from penstock.workflows.runner import LocalRunner
from penstock.workflows.wire import (
    failure_to_json,
    outcome_from_json,
    outcome_to_json,
    recognised,
    request_from_json,
    request_to_json,
)

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LARGEST_INLINE = 5_000_000
"""Bytes; Lambda takes 6 MB. What is larger travels by S3 (a claim check)."""


@dataclass(frozen=True)
class WingRunner:
    """A NodeRunner that invokes functions, by wing."""

    client: "LambdaClient"
    functions: Mapping[str, str]
    payloads: Payloads

    def run(self, request: NodeRequest) -> Outcome:
        """See NodeRunner.run. Raises AwsError."""
        wing = request.type.partition(".")[0]
        if wing not in self.functions:
            raise NodeFailure("NotInstalled", f"no function runs the nodes of {wing}", permanent=True)
        with translated():
            answer = self.client.invoke(
                FunctionName=self.functions[wing],
                Payload=dumps(pack(request_to_json(request), request.key, self.payloads)),
            )
            body = loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise NodeFailure(
                "FunctionError", f"the function of {wing} failed with {body.get('errorType', 'an error')}"
            )
        return recognised(outcome_from_json(unpack(body, self.payloads)), request.inputs)


@dataclass(frozen=True)
class RoutingRunner:
    """A NodeRunner that sends each node to where its code is."""

    catalogue: Catalogue
    local: LocalRunner
    wings: NodeRunner

    def run(self, request: NodeRequest) -> Outcome:
        """See NodeRunner.run."""
        is_here = self.catalogue[request.type].run is not None
        return (self.local if is_here else self.wings).run(request)


def serve(event: JSONObject, runner: LocalRunner, payloads: Payloads) -> JSONObject:
    """The other end: run the node that was asked for; what it raised is an answer too."""
    request = request_from_json(unpack(event, payloads))
    try:
        answer = outcome_to_json(runner.run(request))
    except Exception as failure:  # noqa: BLE001 - the engine judges it
        answer = failure_to_json(failure)
    return pack(answer, f"{request.key}/answer", payloads)


def pack(body: JSONObject, key: str, payloads: Payloads) -> JSONObject:
    """The body, or a claim check for it when it is too large."""
    text = dumps(body)
    if len(text) <= LARGEST_INLINE:
        return body
    return {"claim_check": payloads.put(f"nodes/{key}", text)}


def unpack(body: JSONObject, payloads: Payloads) -> Any:
    """The inverse of `pack`."""
    return loads(payloads.get(body["claim_check"])) if set(body) == {"claim_check"} else body
