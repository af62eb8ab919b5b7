"""Runs nodes in this process: parameters checked against the type's model, then the node's own function."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from penstock.json import JSONObject
from penstock.workflows.catalogue import Catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Call, NodeFailure, NodeParameters, NodeType, Outcome, Services

_REMEMBERED = 1_000


@dataclass(frozen=True)
class LocalRunner:
    """A NodeRunner for the node types whose code is installed. Parameters that never change are checked once."""

    catalogue: Catalogue
    services: Services
    _checked: OrderedDict[int, tuple[JSONObject, NodeParameters]] = field(default_factory=OrderedDict)

    def run(self, request: NodeRequest) -> Outcome:
        """See NodeRunner.run. Raises NodeFailure on parameters that do not fit, naming each."""
        node_type = self.catalogue[request.type]
        call = Call(
            inputs=request.inputs,
            resolved=self._check(node_type, request.parameters),
            key=request.key,
            attempt=request.attempt,
            now=request.now,
            tenant=request.tenant,
            workflow=request.workflow,
            execution=request.execution,
            memory=request.memory,
            services=self.services,
        )
        if request.signal and node_type.resume:
            return node_type.resume(call, request.signal)
        if node_type.run is None:
            raise NodeFailure("NotInstalled", f"{request.type} does not run in this process", permanent=True)
        return node_type.run(call)

    def _check(self, node_type: NodeType, parameters: Sequence[JSONObject]) -> Sequence[NodeParameters]:
        if len(parameters) == 1:
            return [self._remembered(node_type, parameters[0])]
        return [checked(node_type, entry) for entry in parameters]

    def _remembered(self, node_type: NodeType, parameters: JSONObject) -> NodeParameters:
        known = self._checked.get(id(parameters))
        if known and known[0] is parameters:
            return known[1]
        model = checked(node_type, parameters)
        self._checked[id(parameters)] = (parameters, model)
        if len(self._checked) > _REMEMBERED:
            self._checked.popitem(last=False)
        return model


def checked(node_type: NodeType, parameters: JSONObject) -> NodeParameters:
    """The parameters as the type's model. Raises NodeFailure naming every parameter that does not fit and why."""
    model = node_type.parameters or NodeParameters
    try:
        return model.model_validate(parameters)
    except ValidationError as invalid:
        reasons = [
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in invalid.errors(include_input=False)
        ]
        raise NodeFailure("InvalidParameters", "; ".join(reasons), permanent=True) from None
