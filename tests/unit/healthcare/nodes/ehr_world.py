"""A tenant with connections to a server of somebody else's, and workflows that call it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from penstock.events import Origin
from penstock.events.keyring import MemoryKeyring
from penstock.events.memory import MemoryEventStore
from penstock.http.guard import Guard
from penstock.http.signing import NoSigner, Signer
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.ports import Start
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.execution.state import Execution, Status
from penstock.workflows.in_process import in_process_engine
from penstock.workflows.node import Emit, NodeFailure, Services
from penstock.workflows.runner import LocalRunner
from penstock.workflows.validation import parse
from penstock_healthcare.fhir.connections.connection import Auth, Settings
from penstock_healthcare.fhir.connections.datastores import Datastores
from penstock_healthcare.fhir.connections.service import Connections
from tests.unit.healthcare.fhir.client.ehr import CLIENT, Ehr

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ORIGIN = Origin("key:test", "r-1")
Outputs = Mapping[str, Sequence[dict[str, Any]]]


@dataclass
class World:
    """What a tenant has."""

    ehr: Ehr
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)
    signer: Signer = field(default_factory=NoSigner)
    datastores: Datastores = field(default_factory=Datastores)

    def connect(self, name: str = "ehr", vendor: str = "generic", auth: Auth = Auth.NONE) -> None:
        """Set a connection up; a backend service is registered with the server at once."""
        client = CLIENT if auth is Auth.BACKEND_SERVICE else ""
        known = self.connections()
        known.set_up("acme", name, Settings(self.ehr.base, vendor, auth=auth, client_id=client), ORIGIN)
        if auth is Auth.BACKEND_SERVICE:
            self.ehr.is_open = False
            self.ehr.jwks = known.jwks("acme", name, known.jwks_token("acme", name))

    def connections(self) -> Connections:
        guard = Guard(frozenset({"127.0.0.1"}))
        return Connections(self.store, self.keyring, guard, signer=self.signer, datastores=self.datastores)

    def runner(self) -> LocalRunner:
        return LocalRunner(catalogue(), Services(self.store, keyring=self.keyring, signer=self.signer))

    def execute(self, kind: str, item: dict[str, Any], **parameters: Any) -> Execution:
        """A workflow of a trigger and the node, run by the engine."""
        definition = {
            "name": "Outside",
            "nodes": [
                {"name": "start", "type": "core.trigger.manual"},
                {"name": "node", "type": kind, "parameters": {"connection": "ehr", **parameters}},
            ],
            "connections": [{"from": "start", "to": "node"}],
        }
        made = in_process_engine({"w": parse(definition, catalogue())}, store=self.store, clock=lambda: NOW)
        engine = replace(made, runner=self.runner())
        return engine.start(Start("acme", "w", 1, [item], "test"), ORIGIN, lambda: False)

    def run(self, kind: str, item: dict[str, Any], **parameters: Any) -> Outputs:
        """What the node sent out, in a workflow."""
        execution = self.execute(kind, item, **parameters)
        assert execution.status is Status.DONE, execution.error
        [(_, outputs)] = execution.outputs["node"].items()
        return outputs

    def once(
        self, kind: str, item: dict[str, Any], key: str = "e/n/1/1", now: datetime = NOW, **parameters: Any
    ) -> Outputs:
        """What the node sends out in one run under a key, as after a crash it has again."""
        given = {"connection": "ehr", **parameters}
        request = NodeRequest(kind, {"main": [item]}, [given], key, 1, now, "acme", "w", "e")
        outcome = self.runner().run(request)
        assert isinstance(outcome, Emit)
        return outcome.outputs

    def failure(self, kind: str, item: dict[str, Any], **parameters: Any) -> NodeFailure:
        """How the node fails."""
        try:
            self.once(kind, item, **parameters)
        except NodeFailure as failed:
            return failed
        raise AssertionError("the node did not fail")
