"""Roles and purposes of use: what the table gives, what it refuses and says why, and breaking the glass."""

import json
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import Origin, StreamId
from penstock.identity.model import Scope
from penstock_healthcare.access.policy import roles
from penstock_healthcare.fhir.definitions import r4
from tests.functions.cloud import Answer, Cloud, load
from tests.functions.test_audit import patient_and_observation, recorded
from tests.functions.test_fhir import PATH, potassium

WHY = "unconscious, no record of allergies"


def key_of(cloud: Cloud, *played: str, scopes: tuple[Scope, ...] = (Scope.READ, Scope.WRITE)) -> str:
    return wiring.keys().create("acme", "test", scopes, Origin("test", "test"), roles=played)[1]


def ask(cloud: Cloud, key: str, path: str, purpose: str = "", reason: str = "", **more: Any) -> Answer:
    headers = {"X-Purpose-Of-Use": purpose, "X-Break-Glass-Reason": reason}
    given = {name: value for name, value in headers.items() if value}
    return cloud.request("fhir", more.pop("method", "GET"), f"{PATH}/{path}", key=key, headers=given, **more)


def text(answer: Answer) -> str:
    return str(answer.body["issue"][0]["diagnostics"])


def test_billing_sees_whom_it_bills_and_no_clinical_data(cloud: Cloud) -> None:
    patient, observation = patient_and_observation(cloud)
    key = key_of(cloud, "billing")
    assert ask(cloud, key, patient, "HPAYMT").status == 200
    assert ask(cloud, key, "Claim", "HPAYMT").status == 200
    refused = ask(cloud, key, observation, "HPAYMT")
    assert (refused.status, refused.body["issue"][0]["code"]) == (403, "forbidden")
    for word in ("billing", "HPAYMT", "minimum-necessary", "Observation"):
        assert word in text(refused)
    last = recorded(cloud)[-1]
    assert (last["outcome"], last["agent"][0]["role"]) == ("8", [{"text": "billing"}])
    assert recorded(cloud)[0]["agent"][0]["policy"] == ["urn:penstock:access:billing.identity"]


@pytest.mark.parametrize(
    ("role", "purpose", "path", "rule"),
    [
        ("billing", "", "Patient", "purpose-required"),
        ("billing", "HRESCH", "Patient", "purpose"),
        ("researcher", "HRESCH", "Patient", "minimum-necessary"),
        ("janitor", "TREAT", "Patient", "unknown-role"),
        ("compliance", "HCOMPL", "Observation", "minimum-necessary"),
    ],
)
def test_a_refusal_names_the_rule(cloud: Cloud, role: str, purpose: str, path: str, rule: str) -> None:
    refused = ask(cloud, key_of(cloud, role), path, purpose)
    assert (refused.status, f"the rule {rule}:" in text(refused)) == (403, True), text(refused)


def test_of_several_roles_one_is_enough(cloud: Cloud) -> None:
    _, observation = patient_and_observation(cloud)
    assert ask(cloud, key_of(cloud, "billing", "nurse"), observation, "TREAT").status == 200


def test_what_comes_along_is_judged_too(cloud: Cloud) -> None:
    patient, _ = patient_and_observation(cloud)
    key = key_of(cloud, "billing")
    for path, query in (
        (f"{patient}/$everything", {}),
        ("Patient", {"_revinclude": "Observation:patient"}),
    ):
        refused = ask(cloud, key, path, "HPAYMT", query=query)
        assert (refused.status, "minimum-necessary" in text(refused)) == (403, True)
    assert ask(cloud, key, f"{patient}/$everything", "HPAYMT", query={"_type": "Patient"}).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient?_has:Observation:patient:code=2823-3", 403),
        ("Patient?_has:Coverage:beneficiary:_has:Observation:subject:code=2823-3", 403),
        ("Coverage?beneficiary:Patient._has:Observation:patient:code=2823-3", 403),
        ("Coverage?beneficiary:Patient.family=adams", 200),
    ],
)
def test_what_a_chain_looks_into_is_judged_too(cloud: Cloud, path: str, status: int) -> None:
    kind, _, query = path.partition("?")
    answer = ask(cloud, key_of(cloud, "billing"), kind, "HPAYMT", query=dict([query.split("=")]))
    assert answer.status == status, answer.text


@pytest.mark.parametrize("name", ["_has:(:a:b.c", "_has:(:a:_has:[:x:y", "_has:", "_has:Foo:a:b.c", "subject:(.name"])
def test_a_chain_that_is_none_is_refused_as_such(cloud: Cloud, name: str) -> None:
    assert ask(cloud, key_of(cloud), "Observation", query={name: "1"}).status == 400


def test_roles_bind_writes_and_batches(cloud: Cloud) -> None:
    patient, observation = patient_and_observation(cloud)
    key = key_of(cloud, "billing")
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "GET", "url": url}} for url in (patient, observation)],
    }
    before = set(cloud.streams())
    for path, method, body in (
        ("Observation", "POST", potassium()),
        ("Observation/k", "PUT", potassium()),
        (observation, "DELETE", None),
        ("", "POST", bundle),
    ):
        refused = ask(cloud, key, path, "HPAYMT", method=method, body=body)
        assert refused.status == 403, refused.text
    assert all(stream.key.startswith("AuditEvent") for stream in {*cloud.streams()} - before)


def test_who_has_roles_reaches_no_endpoint_that_does_not_judge_by_them(cloud: Cloud) -> None:
    _, observation = patient_and_observation(cloud)
    key = key_of(cloud, "physician", scopes=(Scope.ADMIN,))
    name = observation.replace("/", "-")
    for function, path in (
        ("events", f"/v1/events/fhir/{name}"),
        ("events", f"/v1/events/fhir/{name}/state"),
        ("search", "/v1/search"),
        ("executions", "/v1/executions"),
        ("keys", "/v1/keys"),
    ):
        refused = cloud.request(function, "GET", path, key=key, query={"q": "x"})
        assert (refused.status, "roles" in refused.text) == (403, True), (path, refused.text)


def test_a_key_without_roles_is_not_narrowed(cloud: Cloud) -> None:
    _, observation = patient_and_observation(cloud)
    assert ask(cloud, cloud.key, observation).status == 200
    assert recorded(cloud)[0]["agent"][0]["policy"] == ["urn:penstock:access:no-roles"]


def test_keys_are_made_with_roles_and_listed_with_them(cloud: Cloud) -> None:
    made = cloud.request("keys", "POST", "/v1/keys", {"name": "b", "scopes": ["read"], "roles": ["billing"]})
    assert (made.status, made.body["roles"]) == (201, ["billing"])
    cloud.catch_up()
    listed = cloud.request("keys", "GET", "/v1/keys").body["items"]
    assert {each["id"]: each["roles"] for each in listed}[made.body["id"]] == ["billing"]
    assert ask(cloud, made.body["key"], "Observation", "HPAYMT").status == 403
    assert cloud.request("keys", "POST", "/v1/keys", {"name": "b", "scopes": ["read"], "roles": ["No!"]}).status == 422


def test_breaking_the_glass_opens_what_a_role_may_not_see_and_raises_an_alarm(cloud: Cloud) -> None:
    key = key_of(cloud, "pharmacist")
    cloud.request("fhir", "PUT", f"{PATH}/Account/a", {"resourceType": "Account", "id": "a", "status": "active"})
    assert ask(cloud, key, "Account/a", "TREAT").status == 403
    assert ask(cloud, key, "Account/a", "BTG", WHY).status == 200
    found = recorded(cloud)[-1]
    (purpose,) = found["purposeOfEvent"]
    assert (purpose["coding"][0]["code"], purpose["text"]) == ("BTG", WHY)
    assert found["agent"][0]["policy"] == ["urn:penstock:access:break-glass"]
    (alarm,) = [stream for stream in cloud.streams() if stream.kind == "event"]
    (event,) = [each for commit in wiring.events().commits(alarm) for each in commit.events]
    assert (event.type, event.data["audit"]) == ("healthcare.glass.broken", f"AuditEvent/{found['id']}")
    assert (event.data["purpose"], event.data["roles"]) == ("BTG", ["pharmacist"])
    assert WHY not in json.dumps(event.data)


def test_the_reason_is_sealed_in_the_store(cloud: Cloud) -> None:
    ask(cloud, key_of(cloud, "nurse"), "Account", "BTG", WHY)
    (stream,) = [each for each in cloud.streams() if each.key.startswith("AuditEvent")]
    (packed,) = wiring.events().packed(stream)
    assert packed.sealed


@pytest.mark.parametrize(
    ("role", "purpose", "reason", "status", "word"),
    [
        ("billing", "BTG", WHY, 403, "break-glass"),
        ("billing", "ETREAT", WHY, 403, "break-glass"),
        ("nurse", "BTG", "", 422, "must say why"),
        ("nurse", "TREAT", WHY, 422, "only"),
        ("nurse", "CURIOSITY", "", 422, "must be one of"),
        ("nurse", "BTG", "x" * 501, 422, "at most"),
    ],
)
def test_the_glass_does_not_break_for_everybody(
    cloud: Cloud, role: str, purpose: str, reason: str, status: int, word: str
) -> None:
    refused = ask(cloud, key_of(cloud, role), "Observation", purpose, reason)
    assert (refused.status, word in text(refused)) == (status, True), text(refused)
    assert not [stream for stream in cloud.streams() if stream.kind == "event"]


def test_the_glass_opens_nothing_that_is_written(cloud: Cloud) -> None:
    body = {"resourceType": "Account", "id": "a", "status": "active"}
    assert ask(cloud, key_of(cloud, "nurse"), "Account/a", "BTG", WHY, method="PUT", body=body).status == 403


def test_a_workflow_starts_when_the_glass_is_broken(cloud: Cloud) -> None:
    flow = {
        "name": "Review",
        "nodes": [{"name": "in", "type": "core.trigger.event", "parameters": {"types": ["healthcare.glass.broken"]}}],
        "connections": [],
    }
    made = cloud.request("workflows", "POST", "/v1/workflows", flow)
    cloud.request("workflows", "POST", f"/v1/workflows/{made.body['id']}/publish")
    ask(cloud, key_of(cloud, "nurse"), "Account", "BTG", WHY)
    cloud.catch_up()
    (alarm,) = [stream for stream in cloud.streams() if stream.kind == "event"]
    heard = {"detail": {"stream": str(alarm), "version": 1}}
    assert load("triggers").handler(cloud.sqs_event(heard), cloud.context()) == {"batchItemFailures": []}
    (order,) = cloud.messages("engine")
    assert StreamId.parse(order["stream"]).kind == "execution"


def test_messages_are_judged_by_roles_as_resources_are(cloud: Cloud) -> None:
    for role, status in (("billing", 403), ("interface", 404)):
        headers = {"X-Purpose-Of-Use": "HPAYMT"}
        for function, path in (("hl7_messages", "messages"), ("hl7_outbound", "outbound")):
            answer = cloud.request(
                function, "GET", f"/v1/healthcare/{path}/m", key=key_of(cloud, role), headers=headers
            )
            assert answer.status == status, answer.text
    listed = cloud.request("hl7_messages", "GET", "/v1/healthcare/messages", key=key_of(cloud, "billing"))
    assert (listed.status, "purpose-required" in listed.text) == (403, True)


def test_the_table_names_types_that_there_are() -> None:
    known = {*r4().resource_types(), "hl7_message", "hl7_outbound", "disclosure"}
    named = {kind for role in roles().values() for rule in role.rules for kind in rule.types}
    assert named <= known
