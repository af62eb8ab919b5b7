"""Who may do what: no request without credentials, none beyond its scope, none into another tenant.

The operations come from the API's description, so that a new endpoint is tested before anybody thinks of it.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from penstock.identity.model import Scope
from penstock.processes import deciding
from penstock.processes.definition import Move
from penstock_healthcare.access.verification import is_audit_event
from tests.functions.cloud import ROOT, Answer, Cloud
from tests.functions.flows import ASK, SET, start, workflow
from tests.functions.operations import Operation, operations

GUARDED = [operation for operation in operations() if not operation.is_public]
PUBLIC = [operation for operation in operations() if operation.is_public]
SECRET = "only-acme-may-know"
MRN = "MRN4471902"
CONNECTIONS = "/v1/healthcare/fhir-connections"
CATALOGUES = frozenset({"node_types", "event_types"})
"""Functions that list what is the same for every tenant."""

SHARED = frozenset(
    {"name", "kind", "consumer", "projection", "built_in", "event_type", "resource_type", "operation", "check"}
)
"""Parameters that are the same for every tenant: they name nobody's things."""

SCOPES: Mapping[str, Scope] = {
    **dict.fromkeys(["executions_start", "executions_cancel", "executions_retry"], Scope.RUN),
    **dict.fromkeys(["keys_browse", "keys_create", "keys_revoke"], Scope.ADMIN),
    **dict.fromkeys(["workflows_create", "workflows_take_in", "workflows_change", "workflows_delete"], Scope.WRITE),
    **dict.fromkeys(["workflows_publish", "workflows_archive", "workflows_restore"], Scope.WRITE),
    **dict.fromkeys(["hl7_messages_resubmit"], Scope.WRITE),
    **dict.fromkeys(["hl7_messages_receive"], Scope.INGEST),
    **dict.fromkeys(["hl7_outbound_browse", "hl7_outbound_read"], Scope.READ),
    **dict.fromkeys(["hl7_outbound_report"], Scope.RUN),
    **dict.fromkeys(["hl7_outbound_send_again"], Scope.WRITE),
    **dict.fromkeys(["workflows_browse", "workflows_check", "workflows_read", "workflows_export"], Scope.READ),
    **dict.fromkeys(["workflows_versions", "workflows_version", "node_types_browse", "node_types_read"], Scope.READ),
    **dict.fromkeys(["executions_browse", "executions_read", "executions_follow", "executions_sent"], Scope.READ),
    **dict.fromkeys(["events_browse", "events_state", "hl7_messages_browse", "hl7_messages_read"], Scope.READ),
    **dict.fromkeys(["events_compare", "events_what_if", "events_verify"], Scope.READ),
    **dict.fromkeys(["sagas_start", "sagas_resume", "sagas_resolve"], Scope.RUN),
    **dict.fromkeys(["sagas_definitions", "sagas_definition", "sagas_browse", "sagas_read"], Scope.READ),
    **dict.fromkeys(["sagas_check", "sagas_version"], Scope.READ),
    **dict.fromkeys(["sagas_write", "sagas_change", "sagas_publish", "sagas_archive"], Scope.WRITE),
    **dict.fromkeys(["processes_create", "processes_change", "processes_publish", "processes_archive"], Scope.WRITE),
    **dict.fromkeys(["processes_adopt"], Scope.WRITE),
    **dict.fromkeys(["processes_cancel", "processes_resume", "processes_resolve"], Scope.RUN),
    **dict.fromkeys(["processes_browse", "processes_read", "processes_versions", "processes_check"], Scope.READ),
    **dict.fromkeys(["processes_library", "processes_instances", "processes_instance"], Scope.READ),
    **dict.fromkeys(["letters_consumers", "letters_browse", "letters_handled", "letters_read"], Scope.ADMIN),
    **dict.fromkeys(["subjects_find", "subjects_forget", "subjects_browse", "subjects_read"], Scope.ADMIN),
    **dict.fromkeys(["letters_redrive_all", "letters_redrive", "letters_edit", "letters_discard"], Scope.ADMIN),
    **dict.fromkeys(["search_search"], Scope.READ),
    **dict.fromkeys(["metrics_workflows", "metrics_workflow", "metrics_sagas", "metrics_saga"], Scope.READ),
    **dict.fromkeys(["feed_browse", "feed_subscriptions", "feed_subscription"], Scope.READ),
    **dict.fromkeys(["feed_create", "feed_delete"], Scope.WRITE),
    **dict.fromkeys(["feed_claim", "feed_acknowledge"], Scope.RUN),
    **dict.fromkeys(["projections_browse", "projections_read"], Scope.READ),
    **dict.fromkeys(["projections_rebuild", "projections_rebuild_all"], Scope.ADMIN),
    **dict.fromkeys(["projections_resume", "projections_abandon"], Scope.ADMIN),
    **dict.fromkeys(["webhooks_create", "webhooks_change", "webhooks_delete", "webhooks_rotate_secret"], Scope.ADMIN),
    **dict.fromkeys(["webhooks_enable", "webhooks_disable", "webhooks_test"], Scope.ADMIN),
    **dict.fromkeys(["webhooks_browse", "webhooks_read", "webhooks_deliveries"], Scope.READ),
    **dict.fromkeys(["retention_read", "retention_set_rule", "retention_clear_rule"], Scope.ADMIN),
    **dict.fromkeys(["retention_holds", "retention_place", "retention_lift"], Scope.ADMIN),
    **dict.fromkeys(["event_types_browse", "event_types_read"], Scope.READ),
    **dict.fromkeys(["healthcare_access_read"], Scope.READ),
    **dict.fromkeys(["disclosures_account", "disclosures_patients"], Scope.READ),
    **dict.fromkeys(["healthcare_access_change"], Scope.ADMIN),
    **dict.fromkeys(["fhir_search", "fhir_read", "fhir_versions", "fhir_version"], Scope.READ),
    **dict.fromkeys(["fhir_connections_browse", "fhir_connections_read"], Scope.READ),
    **dict.fromkeys(["fhir_connections_set_up", "fhir_connections_remove"], Scope.ADMIN),
    **dict.fromkeys(["fhir_connections_rotate_key", "fhir_connections_test"], Scope.ADMIN),
    **dict.fromkeys(["fhir_search_by_form", "fhir_everything", "fhir_validation"], Scope.READ),
    **dict.fromkeys(["fhir_patch", "fhir_delete_where"], Scope.WRITE),
    **dict.fromkeys(["fhir_create", "fhir_update", "fhir_update_where", "fhir_delete", "fhir_exchange"], Scope.WRITE),
}
ANY_SCOPE = frozenset({"fhir_metadata"})
OWN_NAMES = frozenset({"fhir_update", "fhir_delete", "fhir_connections_set_up"})
"""Operations whose caller names things freely: another tenant's name is one of its own, and free."""

ENOUGH: Mapping[str, frozenset[Scope]] = {"hl7_messages_receive": frozenset({Scope.INGEST, Scope.WRITE})}
"""Where another scope will do as well."""


FIXED = {
    "node": "set",
    "number": "1",
    "kind": "execution",
    "name": "core.set",
    "raw": base64.b64encode((ROOT / "events/messages/hl7v2_oru_r01_normal.hl7").read_bytes()).decode(),
    "built_in": "order_follow_up",
    "consumer": "engine",
    "event_type": "ExecutionStarted",
    "projection": "workflows",
    "identifier": MRN,
    "resource_type": "Patient",
    "version": "1",
    "operation": "$everything",
    "path": "/birthDate",
    "check": "$validate",
}


class Things(dict[str, str]):
    """Things of acme's, by the names that paths and bodies give them: each is made when it is first named."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(FIXED)
        self.cloud = cloud

    def __missing__(self, name: str) -> str:
        self[name] = MAKERS[name](self)
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in MAKERS else super().get(name, default)

    def make_all(self) -> None:
        for name in MAKERS:
            self.get(name)
        self.cloud.catch_up()


@pytest.fixture
def acme(cloud: Cloud) -> Things:
    return Things(cloud)


def message(things: Things) -> str:
    answer = things.cloud.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": FIXED["raw"]})
    return str(answer.body["id"])


def execution(things: Things) -> str:
    return str(start(things.cloud, things["workflow"], items=[{"a": 1, "secret": SECRET}]).body["id"])


def subscription(things: Things) -> str:
    made = things.cloud.request("feed", "POST", "/v1/subscriptions", {"name": "lake", "description": SECRET})
    return str(made.body["name"])


def key(things: Things) -> str:
    return str(things.cloud.request("keys", "POST", "/v1/keys", {"name": SECRET, "scopes": ["read"]}).body["id"])


def saga() -> str:
    """A saga that acme wrote and published; returns its id."""
    step = {"name": SECRET, "type": "core.emit", "parameters": {"type": "done"}}
    wiring.own_sagas().create("acme", "secret", {"name": SECRET, "steps": [step]}, Origin("test", "test"))
    return wiring.own_sagas().publish("acme", "secret", Origin("test", "test")).id.key


def run() -> str:
    """A run of a saga of acme's; returns its id."""
    transfer = {"EndToEndId": SECRET, "debtor": "a", "creditor": "b", "amount": 1, "currency": "EUR"}
    return wiring.sagas().start("acme", "wire_transfer", transfer, Origin("test", "test")).id.key


PROCESS = {
    "name": SECRET,
    "starts": [{"on": {"type": "placed"}}],
    "states": [{"name": "open", "reactions": [{"on": {"type": "paid"}, "end": "completed"}]}],
}


def process() -> str:
    """A process of acme's; returns its id."""
    return wiring.processes().create("acme", PROCESS, Origin("test", "test")).id.key


def instance() -> str:
    """An instance of a process of acme's; returns its id."""
    sighting = deciding.Sighting("acme#event#e-1@1", 1, "event", "placed", 0)
    given = deciding.Beginning("p-1", 1, PROCESS, SECRET, "test", 1, Move())
    stream = StreamId("acme", "process", "i-1")
    wiring.processes().instances.settle(
        stream, lambda new: deciding.start(new, sighting, given), lambda _: Origin("test", "test")
    )
    return stream.key


def webhook(cloud: Cloud) -> str:
    """A webhook of acme's, to where nothing is sent; returns its id."""
    target = {"url": "https://localhost/hook", "description": SECRET}
    return str(cloud.request("webhooks", "POST", "/v1/webhooks", target).body["id"])


def dead_letter(execution: str) -> str:
    """A nudge about acme's execution that the engine gave up on; returns its id."""
    body = json.dumps({"stream": f"acme#execution#{execution}", "commit": SECRET})
    url = wiring.settings().dead_letters["engine"]["dead_letters"]
    return clients.sqs().send_message(QueueUrl=url, MessageBody=body)["MessageId"]


def hold() -> str:
    """A legal hold of acme's; returns its id."""
    return wiring.retention().place("acme", "execution", "", SECRET, Origin("test", "test")).id


def subject(message: str) -> str:
    """Whom acme's message is about, by pseudonym."""
    wiring.link_subjects(StreamId("acme", "hl7_message", message))
    return wiring.subjects().find("acme", MRN).subject.id.key


def outbound() -> str:
    """A message of acme's on its way out; returns its id."""
    from penstock_healthcare.hl7 import parse
    from penstock_healthcare.outbound.service import Order, Outbound

    message = parse(f"MSH|^~\\&|{SECRET}||||20260101||ADT^A01|1|P|2.5.1\r")
    order = Order("out-1", "lab", message)
    Outbound(wiring.events()).queue("acme", [order], Origin("test", "test"), "e-1", "run")
    return "out-1"


def patient() -> str:
    """A patient of acme's; returns the id."""
    from penstock_healthcare.fhir.resources import Resources

    resource = {"resourceType": "Patient", "id": "p-1", "name": [{"family": SECRET}]}
    Resources(wiring.events()).save("acme", resource, Origin("test", "test"), "p-1")
    return "p-1"


def connection(cloud: Cloud) -> str:
    """A FHIR connection of acme's, to where nothing is sent; returns its name."""
    wanted = {"base_url": "https://localhost/r4", "description": SECRET, "auth": "backend_service", "client_id": "c"}
    return str(cloud.request("fhir_connections", "PUT", f"{CONNECTIONS}/ehr", wanted).body["name"])


MAKERS: Mapping[str, Callable[[Things], str]] = {
    "workflow": lambda things: workflow(things.cloud, SET, ASK),
    "execution": execution,
    "key": key,
    "message": message,
    "outbound": lambda _: outbound(),
    "saga": lambda _: saga(),
    "subscription": subscription,
    "run": lambda _: run(),
    "process": lambda _: process(),
    "instance": lambda _: instance(),
    "webhook": lambda things: webhook(things.cloud),
    "letter": lambda things: dead_letter(things["execution"]),
    "hold": lambda _: hold(),
    "subject": lambda things: subject(things["message"]),
    "resource_id": lambda _: patient(),
    "connection": lambda things: connection(things.cloud),
}


def send(cloud: Cloud, operation: Operation, names: Mapping[str, str], key: str) -> Answer:
    url, body, headers = operation.url(names), operation.body(names), {"Content-Type": operation.media_type}
    return cloud.request(operation.function, operation.method, url, body, key=key, headers=headers)


def named(operation: Operation, names: Things) -> Things:
    """The names for an operation: streams of events are an execution's."""
    if operation.function == "events":
        names["key"] = names["execution"]
    return names


def state(cloud: Cloud, tenant: str) -> dict[StreamId, int]:
    """How many events each stream of the tenant has, but for the record of who read, which refusals are in too."""
    streams = [stream for stream in cloud.streams() if stream.tenant == tenant and not is_audit_event(stream)]
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


@pytest.fixture
def ready(acme: Things, operation: Operation) -> Things:
    """Acme's things, those that the operation names; all of them where it names none of its own."""
    if not set(operation.parameters) - SHARED:
        acme.make_all()
    acme.cloud.catch_up()
    return acme


@pytest.mark.parametrize("operation", GUARDED, ids=by_id)
def test_neither_another_tenant_nor_a_key_without_the_scope_comes_in_and_one_with_it_does(
    cloud: Cloud, ready: Things, operation: Operation
) -> None:
    """The last is what makes the others show something."""
    names = named(operation, ready)
    operation.url(names), operation.body(names)
    another_tenant_sees_and_changes_nothing(cloud, names, operation)
    a_key_without_the_scope_is_refused(cloud, names, operation)
    answer = send(cloud, operation, names, cloud.new_key("acme", SCOPES.get(operation.id, Scope.READ)))
    assert answer.status not in (401, 403, 404), answer.text


def another_tenant_sees_and_changes_nothing(cloud: Cloud, names: Things, operation: Operation) -> None:
    before = state(cloud, "acme")
    answer = send(cloud, operation, names, cloud.new_key("other"))
    assert state(cloud, "acme") == before
    assert SECRET not in answer.text
    if set(operation.parameters) - SHARED and operation.id not in OWN_NAMES:
        assert answer.status in (403, 404), answer.text
    elif operation.method == "GET" and "items" in (answer.body or {}) and operation.function not in CATALOGUES:
        assert [item for item in answer.body["items"] if item.get("name") != "test" and not item.get("wing")] == []
    if operation.id == "fhir_search":
        assert answer.body.get("entry", []) == []


def a_key_without_the_scope_is_refused(cloud: Cloud, names: Things, operation: Operation) -> None:
    if operation.id in ANY_SCOPE:
        return
    scope = SCOPES[operation.id]
    others = set(Scope) - {Scope.ADMIN, scope} - ENOUGH.get(operation.id, frozenset())
    key = cloud.new_key("acme", *others)
    before = state(cloud, "acme")
    answer = send(cloud, operation, names, key)
    assert answer.status == 403
    assert is_problem(answer, "forbidden")
    assert f"scope {scope}" in answer.text
    assert state(cloud, "acme") == before


def test_keys_streams_are_read_only_by_administrators(cloud: Cloud, acme: Things) -> None:
    for path in (f"/v1/events/key/{acme['key']}", f"/v1/events/key/{acme['key']}/state"):
        reader = cloud.new_key("acme", Scope.READ, Scope.WRITE, Scope.RUN)
        assert cloud.request("events", "GET", path, key=reader).status == 403
        assert cloud.request("events", "GET", path).status == 200


def test_only_what_is_meant_to_be_open_is_open() -> None:
    assert {operation.function for operation in PUBLIC} == {"fhir_jwks", "hooks", "openapi"}


def test_an_open_endpoint_gives_no_tenant_away(cloud: Cloud, acme: Things) -> None:
    acme.make_all()
    before = state(cloud, "acme")
    for operation in PUBLIC:
        acme.update({"tenant": "acme", "path": "lab/results", "token": "guessed"})
        answer = send(cloud, operation, acme, "")
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
