"""Runs of sagas in the cloud on moto: furnished, started, and carried through as Step Functions would."""

import json
from typing import Any

from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.library import built_in
from penstock.sagas.participants import account, stock
from penstock.sagas.plan import Plan
from penstock.sagas.states_language import compile as compile_machine
from penstock.workflows.execution.running import NodeRequest
from tests.functions.cloud import Cloud, load
from tests.unit.platform.sagas.machine import TaskError, execute

ORDER = {"order": "4711", "sku": "pump", "quantity": 2, "account": "clinic", "amount": 5_000, "currency": "EUR"}
TRANSFER = {"EndToEndId": "E2E-1", "debtor": "clinic", "creditor": "maker", "amount": 5_000, "currency": "EUR"}
PATIENT = {"id": "p1", "name": [{"family": "Weiss"}]}
ONBOARDING = {"patient": PATIENT, "encounter": "e1", "bed": "ward-3", "monitor": "monitors"}


def do(node_type: str, **parameters: Any) -> None:
    """Let a participant do something outside of any saga."""
    request = NodeRequest(
        type=node_type,
        inputs={"main": [{}]},
        parameters=[parameters],
        key=f"set-up/{node_type}/{json.dumps(parameters)}",
        attempt=1,
        now=utc_now(),
        tenant="acme",
        workflow="test",
        execution="test",
    )
    wiring.local_runner().run(request)


def furnish(*, funds: int = 10_000) -> None:
    for sku, units in {"pump": 10, "ward-3": 1, "monitors": 2}.items():
        do("stock.receive", sku=sku, quantity=units)
    do("account.open", account="clinic", currency="EUR")
    do("account.deposit", account="clinic", amount=funds, currency="EUR")


def available(sku: str) -> int:
    return _load(stock.AGGREGATE, sku).available  # type: ignore[no-any-return]


def balance(name: str) -> int:
    return _load(account.AGGREGATE, name).balance  # type: ignore[no-any-return]


def _load(aggregate: Any, key: str) -> Any:
    return Repository(aggregate, wiring.events(), MemorySnapshotStore()).load(aggregate.stream("acme", key)).state


def start(cloud: Cloud, saga: str, given: dict[str, Any], key: str = "k1") -> Any:
    body = {"saga": saga, "input": given}
    answer = cloud.request("sagas", "POST", "/v1/sagas", body, headers={"Idempotency-Key": key})
    assert answer.status == 202, answer.text
    return answer.body


def run_machine(started: Any, definition: Any = None, *, is_reversed: bool = False) -> str:
    """Do what Step Functions would; the terminal state's name. `definition` is an own saga's."""
    known = definition or built_in()[started["saga"]].definition
    machine = compile_machine(Plan(SagaDefinition.model_validate(known)))

    def invoke(payload: Any) -> Any:
        try:
            return load("saga_steps").handler(payload, Cloud.context())
        except Exception as error:
            raise TaskError("Runtime.HandlerError") from error

    given = {"tenant": "acme", "run": started["id"], "is_reversed": is_reversed, "resumption": int(is_reversed)}
    return execute(machine, given, invoke)[0]


def read(cloud: Cloud, started: Any) -> Any:
    return cloud.request("sagas", "GET", f"/v1/sagas/{started['id']}").body
