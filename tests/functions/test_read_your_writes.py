"""A write says how far it came, and a read that names it waits until the read models are there."""

import threading
import time

import pytest

from penstock.api import consistency
from penstock.aws import wiring
from penstock.events import NotCaughtUp
from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud
from tests.functions.flows import SET, start, workflow

DEFINITION = {"name": "Hello", "nodes": [{"name": "start", "type": "core.trigger.manual"}]}
POSITION, AFTER = "Penstock-Position", "Penstock-After"


def create(cloud: Cloud, **headers: str) -> Answer:
    return cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, headers=headers)


def browse(cloud: Cloud, after: str, function: str = "workflows", key: str | None = None) -> Answer:
    path = {"workflows": "/v1/workflows", "executions": "/v1/executions", "node_types": "/v1/node-types"}[function]
    return cloud.request(function, "GET", path, headers={AFTER: after}, key=key)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "LONGEST_WAIT", 0.1)


def test_a_read_waits_until_what_was_written_shows(cloud: Cloud) -> None:
    created = create(cloud)
    assert created.headers[POSITION] == f"workflow/{created.body['id']}@1"
    projector = threading.Timer(0.3, cloud.catch_up)
    projector.start()
    begun = time.monotonic()
    answer = browse(cloud, created.headers[POSITION])
    projector.join()
    assert [item["id"] for item in answer.body["items"]] == [created.body["id"]]
    assert 0.25 < time.monotonic() - begun < 4


def test_a_read_model_that_does_not_come_says_where_it_stands(cloud: Cloud, impatient: None) -> None:
    created = create(cloud)
    answer = browse(cloud, created.headers[POSITION])
    assert (answer.status, answer.body["type"]) == (503, "urn:penstock:problem:not-caught-up")
    assert (answer.body["projection"], answer.body["version"]) == ("workflows", 0)
    assert answer.headers["Retry-After"] == "1"
    cloud.catch_up()
    assert browse(cloud, created.headers[POSITION]).status == 200


def test_a_version_that_is_passed_does_not_wait(cloud: Cloud, impatient: None) -> None:
    created = create(cloud)
    cloud.request("workflows", "POST", f"/v1/workflows/{created.body['id']}/publish")
    cloud.catch_up()
    assert browse(cloud, f" {created.headers[POSITION]} ,{created.headers[POSITION]}").status == 200


def test_a_deleted_workflow_is_waited_for_too(cloud: Cloud, impatient: None) -> None:
    created = create(cloud)
    deleted = cloud.request("workflows", "DELETE", f"/v1/workflows/{created.body['id']}")
    assert deleted.headers[POSITION].endswith("@2")
    assert browse(cloud, deleted.headers[POSITION]).status == 503
    cloud.catch_up()
    assert browse(cloud, deleted.headers[POSITION]).body["items"] == []


def test_a_write_names_every_stream_that_it_moved(cloud: Cloud) -> None:
    started = start(cloud, workflow(cloud, SET), items=[{"a": 1}])
    assert started.headers[POSITION] == f"execution/{started.body['id']}@4"


def test_an_answer_that_is_given_again_names_its_position_again(cloud: Cloud) -> None:
    first, second = (create(cloud, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.headers[POSITION] == second.headers[POSITION]


def test_a_write_that_was_refused_and_a_read_name_none(cloud: Cloud) -> None:
    create(cloud)
    refused = cloud.request("workflows", "POST", "/v1/workflows", {"name": "x"})
    assert refused.status == 422
    assert POSITION not in refused.headers
    assert POSITION not in cloud.request("workflows", "GET", "/v1/workflows").headers


def test_what_was_written_for_one_tenant_is_not_told_to_another(cloud: Cloud) -> None:
    create(cloud)
    wiring.written().note(next(iter(wiring.events().commits(cloud.streams()[-1]))))
    other = cloud.request("workflows", "POST", "/v1/workflows", DEFINITION, key=cloud.new_key("other"))
    assert other.headers[POSITION] == f"workflow/{other.body['id']}@1"


def test_another_tenants_position_is_one_of_ones_own_and_not_there(cloud: Cloud, impatient: None) -> None:
    created = create(cloud)
    cloud.catch_up()
    assert browse(cloud, created.headers[POSITION], key=cloud.new_key("other", Scope.READ)).status == 503


@pytest.mark.parametrize(
    "after", ["workflow", "a/b@0", "a/b@x", "a/b@1,", "a/%23@1", "a/b@1," * 21 + "a/b@1", "x" * 5_000]
)
def test_a_position_that_was_never_given_out_is_refused(cloud: Cloud, after: str) -> None:
    answer = browse(cloud, after)
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, AFTER)


def test_kinds_without_read_models_and_endpoints_without_views_do_not_wait(cloud: Cloud) -> None:
    assert browse(cloud, "nobodys/x@7").status == 200


def test_endpoints_without_views_do_not_wait(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENSTOCK_VIEWS_TABLE")
    wiring.settings.cache_clear()
    wiring.views.cache_clear()
    assert browse(cloud, "workflow/x@7", "node_types").status == 200


def test_waiting_comes_after_credentials(cloud: Cloud) -> None:
    assert browse(cloud, "workflow/x@7", key="").status == 401


def test_the_error_carries_where_the_read_model_stands() -> None:
    error = NotCaughtUp("workflows", "acme#workflow#w", 3, 1)
    assert (error.wanted, error.found) == (3, 1)
