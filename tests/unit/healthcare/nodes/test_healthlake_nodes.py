"""Workflows that reach an AWS HealthLake data store."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from penstock_healthcare.fhir.connections.connection import Auth, Settings
from penstock_healthcare.fhir.connections.datastores import DATASTORES, Datastores
from penstock_healthcare.fhir.connections.errors import DatastoreNotAllowed, InvalidConnection
from tests.unit.healthcare.fhir.client.contract import SYSTEM, patient
from tests.unit.healthcare.fhir.client.healthlake import REGION, HealthLake, running, signer
from tests.unit.healthcare.nodes.ehr_world import ORIGIN, World


@pytest.fixture
def lake() -> Iterator[HealthLake]:
    with running() as server:
        yield server


def allow(monkeypatch: pytest.MonkeyPatch, tenants: dict[str, dict[str, str]]) -> Datastores:
    monkeypatch.setenv(DATASTORES, json.dumps(tenants))
    return Datastores.from_environment({DATASTORES: json.dumps(tenants)})


@pytest.fixture
def world(lake: HealthLake, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    made = World(lake, signer=signer(), datastores=allow(monkeypatch, {"acme": {f"{lake.base}/": REGION}}))
    made.connect(vendor="healthlake", auth=Auth.AWS)
    return made


def bundle(number: int = 1) -> dict[str, Any]:
    entry = {"resource": patient(id="p1"), "request": {"method": "PUT", "url": "Patient/p1"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * number}


def test_a_workflow_writes_reads_and_searches(world: World, lake: HealthLake) -> None:
    made = world.run("healthcare.ehr.create", {"resource": patient()})["main"][0]["ehr"]
    assert made["created"] is True
    read = world.run("healthcare.ehr.read", {}, reference=made["reference"])["main"][0]["resource"]
    changed = world.run("healthcare.ehr.update", {"resource": {**read, "active": True}})["main"][0]["ehr"]
    query = {"identifier": f"{SYSTEM}|4711"}
    [found] = world.run("healthcare.ehr.search", {}, resource_type="Patient", query=query, method="post")["main"]
    assert (changed["version"], found["resources"][0]["active"]) == ("2", True)
    assert world.run("healthcare.ehr.transaction", {"bundle": bundle()})["main"][0]["responses"]
    assert lake.refused == []


def test_a_run_that_is_done_again_creates_nothing_twice(
    world: World, lake: HealthLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "_of", lambda _: [])
    first, second = (world.once("healthcare.ehr.create", {"resource": patient()})["main"][0]["ehr"] for _ in "ab")
    assert (first["created"], second["created"], second["reference"]) == (True, False, first["reference"])


def test_what_it_does_not_serve_fails_the_node_before_anything_is_sent(world: World, lake: HealthLake) -> None:
    failed = world.failure("healthcare.ehr.transaction", {"bundle": bundle(161)})
    assert (failed.kind, failed.permanent, lake.server.asked) == ("NotSupported", True, [])


def test_a_tenant_names_no_data_store_of_another(world: World, lake: HealthLake) -> None:
    for tenant, base in (("globex", lake.base), ("acme", f"{lake.server.url}/datastore/another/r4")):
        with pytest.raises(InvalidConnection) as caught:
            world.connections().set_up(tenant, "own", Settings(base, "healthlake", auth=Auth.AWS), ORIGIN)
        assert caught.value.path == "base_url"
    assert lake.server.asked == []


def test_a_data_store_that_the_operator_takes_away_is_signed_for_no_longer(
    world: World, lake: HealthLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, {"globex": {lake.base: REGION}})
    failed = world.failure("healthcare.ehr.read", {}, reference="Patient/p1")
    assert (failed.kind, failed.permanent, lake.server.asked) == (DatastoreNotAllowed.__name__, True, [])


def test_another_vendor_is_not_signed_for(world: World, lake: HealthLake) -> None:
    with pytest.raises(InvalidConnection) as caught:
        world.connect("own", "epic", Auth.AWS)
    assert caught.value.path == "vendor"
