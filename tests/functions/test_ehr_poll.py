"""A poll of an outside server, from the schedule's node to the executions that it starts."""

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import StreamId
from tests.functions.cloud import Cloud
from tests.functions.flows import executions, workflow
from tests.functions.nodes import run_node
from tests.functions.test_triggers import publish, read, take
from tests.unit.healthcare.fhir.client.ehr import CLIENT, Ehr, outcome, running

PATH = "/v1/healthcare/fhir-connections/ehr"
CHANGED = {"name": "changed", "type": "healthcare.trigger.ehr_poll", "parameters": {"polls": ["labs"]}}
POLL = {
    "connection": "ehr",
    "poll": "labs",
    "resource_type": "Observation",
    "since": "2026-11-24T00:00:00Z",
    "page_size": 2,
}


@pytest.fixture
def ehr(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ehr]:
    """A server of somebody else's, with a connection to it."""
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    with running() as server:
        settings = {"base_url": server.base, "auth": "backend_service", "client_id": CLIENT}
        made = cloud.request("fhir_connections", "PUT", PATH, settings).body
        server.jwks = cloud.request("fhir_jwks", "GET", made["jwks_path"], key="").body
        server.is_open, server.page_size = False, 2
        yield server


def poll(minute: int, **more: Any) -> dict[str, Any]:
    """What the nodes' function answers the engine."""
    key, now = f"e/Poll/{minute}/1", f"2026-11-24T08:{minute:02}:00.000Z"
    answered: dict[str, Any] = run_node("ehr.poll", key=key, now=now, **{**POLL, **more})
    return answered


def hear(cloud: Cloud) -> None:
    """The bus hands on all that polls told, again and again."""
    for _ in range(2):
        take(cloud, *publish(*(stream for stream in cloud.streams() if stream.kind == "ehr_resource")))


def potassium(key: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "valueQuantity": {"value": 6.9}}


def test_each_version_starts_one_execution_although_the_server_fails_in_between(cloud: Cloud, ehr: Ehr) -> None:
    workflow(cloud, trigger=CHANGED)
    for key in "abc":
        ehr.put(potassium(key), "2026-11-24T08:01:00.000Z")
    poll(0)
    assert executions(cloud) == []
    failing = outcome(500, "exception", "Doe")
    whole = ehr.answer
    ehr.server.answer = lambda asked: failing if "_page=2" in asked.target else whole(asked)
    cut_off = str(poll(5))
    assert ("ServerFailed" in cut_off, "Doe" in cut_off) == (True, False)
    hear(cloud)
    assert len(executions(cloud)) == 2
    ehr.server.answer = whole
    ehr.put(potassium("c"), "2026-11-24T08:06:00.000Z")
    poll(10)
    poll(15)
    hear(cloud)
    started = executions(cloud)
    assert len(started) == 3
    for execution in started:
        wiring.engine().resume(StreamId("acme", "execution", execution), lambda: False)
    shown = [read(cloud, execution) for execution in started]
    assert {each["mode"] for each in shown} == {"event"}
    assert sorted(each["items"][0]["version"] for each in shown) == ["1", "1", "2"]


def test_other_polls_start_nothing(cloud: Cloud, ehr: Ehr) -> None:
    workflow(cloud, trigger={**CHANGED, "parameters": {"polls": ["vitals"]}})
    ehr.put(potassium("a"), "2026-11-24T07:00:00.000Z")
    poll(1)
    hear(cloud)
    assert executions(cloud) == []


def test_what_a_poll_found_of_a_patient_can_be_forgotten(cloud: Cloud, ehr: Ehr) -> None:
    numbered = {"identifier": [{"system": "urn:mrn", "value": "MRN4711"}], "name": [{"family": "Doe"}]}
    ehr.put({"resourceType": "Patient", "id": "p1", **numbered}, "2026-11-24T07:00:00.000Z")
    poll(1, resource_type="Patient")
    [stream] = [stream for stream in cloud.streams() if stream.kind == "ehr_resource"]
    wiring.link_subjects(stream)
    assert wiring.subjects().find("acme", "MRN4711").subject.id.key
