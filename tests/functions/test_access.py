"""Who may do what: no request without credentials, none beyond its scope, none into another tenant.

The operations come from the API's description, so that a new endpoint is tested before anybody thinks of it.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from penstock.identity.model import Scope
from tests.functions.cloud import ROOT, Answer, Cloud
from tests.functions.flows import ASK, SET, start, workflow
from tests.functions.operations import Operation, operations

GUARDED = [operation for operation in operations() if not operation.is_public]
PUBLIC = [operation for operation in operations() if operation.is_public]
SECRET = "only-acme-may-know"
SHARED = frozenset({"name", "kind", "saga", "consumer"})
"""Parameters that are the same for every tenant: they name nobody's things."""

SCOPES: Mapping[str, Scope] = {
    **dict.fromkeys(["executions_start", "executions_cancel", "executions_retry"], Scope.RUN),
    **dict.fromkeys(["keys_browse", "keys_create", "keys_revoke"], Scope.ADMIN),
    **dict.fromkeys(["workflows_create", "workflows_take_in", "workflows_change", "workflows_delete"], Scope.WRITE),
    **dict.fromkeys(["workflows_publish", "workflows_archive", "workflows_restore"], Scope.WRITE),
    **dict.fromkeys(["hl7_messages_resubmit"], Scope.WRITE),
    **dict.fromkeys(["hl7_messages_receive"], Scope.INGEST),
    **dict.fromkeys(["workflows_browse", "workflows_check", "workflows_read", "workflows_export"], Scope.READ),
    **dict.fromkeys(["workflows_versions", "workflows_version", "node_types_browse", "node_types_read"], Scope.READ),
    **dict.fromkeys(["executions_browse", "executions_read", "executions_follow", "executions_sent"], Scope.READ),
    **dict.fromkeys(["events_browse", "events_state", "hl7_messages_browse", "hl7_messages_read"], Scope.READ),
    **dict.fromkeys(["events_compare", "events_what_if", "events_verify"], Scope.READ),
    **dict.fromkeys(["sagas_start", "sagas_resume", "sagas_resolve"], Scope.RUN),
    **dict.fromkeys(["sagas_definitions", "sagas_definition", "sagas_browse", "sagas_read"], Scope.READ),
    **dict.fromkeys(["letters_consumers", "letters_browse", "letters_handled", "letters_read"], Scope.ADMIN),
    **dict.fromkeys(["letters_redrive_all", "letters_redrive", "letters_edit", "letters_discard"], Scope.ADMIN),
    **dict.fromkeys(["fhir_search", "fhir_read", "fhir_versions", "fhir_version"], Scope.READ),
}
ANY_SCOPE = frozenset({"fhir_metadata"})
ENOUGH: Mapping[str, frozenset[Scope]] = {"hl7_messages_receive": frozenset({Scope.INGEST, Scope.WRITE})}
"""Where another scope will do as well."""


@pytest.fixture
def acme(cloud: Cloud) -> dict[str, str]:
    """Things of acme's, by the names that paths and bodies give them."""
    flow = workflow(cloud, SET, ASK)
    execution = start(cloud, flow, items=[{"a": 1, "secret": SECRET}]).body["id"]
    key = cloud.request("keys", "POST", "/v1/keys", {"name": SECRET, "scopes": ["read"]}).body["id"]
    raw = base64.b64encode((ROOT / "events/messages/hl7v2_oru_r01_normal.hl7").read_bytes()).decode()
    message = cloud.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": raw}).body["id"]
    cloud.catch_up()
    return {
        "workflow": flow,
        "execution": execution,
        "node": "set",
        "number": "1",
        "kind": "execution",
        "key": key,
        "name": "core.set",
        "message": message,
        "raw": raw,
        "saga": "wire_transfer",
        "run": run(),
        "consumer": "engine",
        "letter": dead_letter(execution),
        "resource_type": "Patient",
        "resource_id": patient(),
        "version": "1",
    }


def run() -> str:
    """A run of a saga of acme's; returns its id."""
    transfer = {"EndToEndId": SECRET, "debtor": "a", "creditor": "b", "amount": 1, "currency": "EUR"}
    return wiring.sagas().start("acme", "wire_transfer", transfer, Origin("test", "test")).id.key


def dead_letter(execution: str) -> str:
    """A nudge about acme's execution that the engine gave up on; returns its id."""
    body = json.dumps({"stream": f"acme#execution#{execution}", "commit": SECRET})
    url = wiring.settings().dead_letters["engine"]["dead_letters"]
    return clients.sqs().send_message(QueueUrl=url, MessageBody=body)["MessageId"]


def patient() -> str:
    """A patient of acme's; returns the id."""
    from penstock_healthcare.fhir.resources import Resources

    resource = {"resourceType": "Patient", "id": "p-1", "name": [{"family": SECRET}]}
    Resources(wiring.events()).save("acme", resource, Origin("test", "test"), "p-1")
    return "p-1"


def send(cloud: Cloud, operation: Operation, names: Mapping[str, str], key: str) -> Answer:
    return cloud.request(operation.function, operation.method, operation.url(names), operation.body(names), key=key)


def named(operation: Operation, names: Mapping[str, str]) -> dict[str, str]:
    """The names for an operation: streams of events are an execution's."""
    return {**names, "key": names["execution"]} if operation.function == "events" else dict(names)


def state(cloud: Cloud, tenant: str) -> dict[StreamId, int]:
    """How many events each stream of the tenant has."""
    streams = [stream for stream in cloud.streams() if stream.tenant == tenant]
    return {stream: sum(len(commit.events) for commit in wiring.events().commits(stream)) for stream in streams}


def is_problem(answer: Answer, slug: str) -> bool:
    """Whether the answer is that problem; FHIR has a shape of its own for what is wrong."""
    if answer.headers["Content-Type"].startswith("application/fhir+json"):
        return bool(answer.body["resourceType"] == "OperationOutcome")
    return bool(answer.body["type"] == f"urn:penstock:problem:{slug}")


def by_id(operation: Operation) -> str:
    return operation.id


@pytest.mark.parametrize("operation", GUARDED, ids=by_id)
@pytest.mark.parametrize("key", ["", "pk_acme.none.none"], ids=["none", "wrong"])
def test_without_credentials_that_hold_nothing_is_answered(cloud: Cloud, operation: Operation, key: str) -> None:
    names = dict.fromkeys(operation.parameters, "1")
    answer = cloud.request(operation.function, operation.method, operation.url(names), "{", key=key)
    assert answer.status == 401
    assert is_problem(answer, "unauthenticated")


@pytest.mark.parametrize("operation", GUARDED, ids=by_id)
def test_another_tenant_sees_and_changes_nothing(cloud: Cloud, acme: dict[str, str], operation: Operation) -> None:
    before = state(cloud, "acme")
    answer = send(cloud, operation, named(operation, acme), cloud.new_key("other"))
    assert state(cloud, "acme") == before
    assert SECRET not in answer.text
    if set(operation.parameters) - SHARED and operation.id != "fhir_search":
        assert answer.status in (403, 404), answer.text
    elif operation.method == "GET" and "items" in (answer.body or {}) and operation.function != "node_types":
        assert [item for item in answer.body["items"] if item.get("name") != "test"] == []
    if operation.id == "fhir_search":
        assert answer.body.get("entry", []) == []


@pytest.mark.parametrize("operation", GUARDED, ids=by_id)
def test_a_key_without_the_scope_is_refused(cloud: Cloud, acme: dict[str, str], operation: Operation) -> None:
    if operation.id in ANY_SCOPE:
        return
    scope = SCOPES[operation.id]
    others = set(Scope) - {Scope.ADMIN, scope} - ENOUGH.get(operation.id, frozenset())
    key = cloud.new_key("acme", *others)
    before = state(cloud, "acme")
    answer = send(cloud, operation, named(operation, acme), key)
    assert answer.status == 403
    assert is_problem(answer, "forbidden")
    assert f"scope {scope}" in answer.text
    assert state(cloud, "acme") == before


@pytest.mark.parametrize("operation", GUARDED, ids=by_id)
def test_a_key_with_just_the_scope_comes_in(cloud: Cloud, acme: dict[str, str], operation: Operation) -> None:
    """Or else the tests above would show nothing."""
    scope = SCOPES.get(operation.id, Scope.READ)
    answer = send(cloud, operation, named(operation, acme), cloud.new_key("acme", scope))
    assert answer.status not in (401, 403, 404), answer.text


def test_keys_streams_are_read_only_by_administrators(cloud: Cloud, acme: dict[str, str]) -> None:
    for path in (f"/v1/events/key/{acme['key']}", f"/v1/events/key/{acme['key']}/state"):
        reader = cloud.new_key("acme", Scope.READ, Scope.WRITE, Scope.RUN)
        assert cloud.request("events", "GET", path, key=reader).status == 403
        assert cloud.request("events", "GET", path).status == 200


def test_only_what_is_meant_to_be_open_is_open() -> None:
    assert {operation.function for operation in PUBLIC} == {"hooks", "openapi"}


def test_an_open_endpoint_gives_no_tenant_away(cloud: Cloud, acme: dict[str, str]) -> None:
    before = state(cloud, "acme")
    for operation in PUBLIC:
        names = {**acme, "tenant": "acme", "path": "lab/results", "token": "guessed"}
        answer = send(cloud, operation, names, "")
        assert answer.status == 404 or operation.function == "openapi"
        assert SECRET not in answer.text
    assert state(cloud, "acme") == before


def test_a_stream_of_another_tenants_that_looks_alike_is_not_mixed_up(cloud: Cloud) -> None:
    for tenant, said in (("acme", SECRET), ("other", "hello")):
        draft = Draft("said", {"said": said}, utc_now())
        stream = StreamId(tenant, "event", "e-1")
        wiring.events().append(stream, [draft], expected=Position(), commit_id="c", origin=Origin("test", "test"))
    found: Any = cloud.request("events", "GET", "/v1/events/event/e-1", key=cloud.new_key("other")).body
    assert [event["data"] for event in found["items"]] == [{"said": "hello"}]
