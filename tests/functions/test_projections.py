"""Read models over the API: how far they stand behind, and a rebuild as it is deployed, on moto."""

from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events.feed import Mark, index
from tests.functions.cloud import Cloud, load
from tests.functions.flows import SET, workflow


@pytest.fixture
def flow(cloud: Cloud) -> str:
    """A workflow that is in its tenant's feed and its read model."""
    made = workflow(cloud, SET)
    sequence(cloud)
    cloud.catch_up()
    return made


def sequence(cloud: Cloud) -> None:
    """Do the sequencer's work for the tenant's streams."""
    for stream in cloud.streams():
        marks = [Mark.of(commit) for commit in wiring.events().commits(stream)]
        index(wiring.feed(), wiring.events(), stream.tenant, {stream: marks})


def hand_out(cloud: Cloud, projection: str) -> None:
    """Tell the function that hands out the work, as a nudge does."""
    nudge = {"stream": f"acme#projection#{projection}", "commit": 1}
    assert load("rebuilds").handler(cloud.sqs_event(nudge), cloud.context()) == {"batchItemFailures": []}


def test_every_read_model_is_listed_with_its_lag(cloud: Cloud, flow: str) -> None:
    listed = {each["name"]: each for each in cloud.request("projections", "GET", "/v1/projections").body}
    assert {"workflows", "executions", "keys", "fhir_resources", "hl7_messages"} <= listed.keys()
    assert (listed["workflows"]["behind"], listed["workflows"]["lag_ms"]) == (0, 0)
    cloud.request("workflows", "POST", f"/v1/workflows/{flow}/archive")
    sequence(cloud)
    behind = cloud.request("projections", "GET", "/v1/projections/workflows").body
    assert behind["behind"] == 1
    assert behind["lag_ms"] > 0


def test_a_rebuild_is_worked_off_by_its_queue_and_then_shown(
    cloud: Cloud, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("worker", "tasks"):
        monkeypatch.setattr(f"penstock.rebuilds.{module}.GRACE_SECONDS", 0)
    begun = cloud.request("projections", "POST", "/v1/projections/workflows/rebuild")
    assert begun.status == 202
    assert begun.body["rebuild"]["generation"] == 2
    hand_out(cloud, "workflows")
    while messages := cloud.messages("rebuilder"):
        assert load("rebuilder").handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
        hand_out(cloud, "workflows")
    wiring.generations.cache_clear()
    wiring.views.cache_clear()
    after = cloud.request("projections", "GET", "/v1/projections/workflows").body
    assert (after["generation"], after["rebuild"]) == (2, None)
    assert [each["id"] for each in cloud.request("workflows", "GET", "/v1/workflows").body["items"]] == [flow]
    assert wiring.rows().get("acme", "workflows", flow) is None


def test_a_wings_projection_is_rebuilt_by_the_wings_function(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/fhir_resources/rebuild")
    hand_out(cloud, "fhir_resources")
    assert cloud.messages("rebuilder") == []
    (task,) = cloud.messages("healthcare_rebuilder")
    assert load("healthcare_rebuilder").handler(cloud.sqs_event(task), cloud.context()) == {"batchItemFailures": []}


def test_all_are_rebuilt_at_once_but_those_that_already_are(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/keys/rebuild")
    rebuilt = cloud.request("projections", "POST", "/v1/projections/rebuild")
    assert rebuilt.status == 202
    assert {each["rebuild"]["generation"] for each in rebuilt.body} == {2}


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("unheard_of/rebuild", None, 404, "unknown-projection"),
        ("workflows/rebuild/resume", None, 409, "wrong-state"),
        ("workflows/rebuild/abandon", {"reason": "no"}, 409, "wrong-state"),
        ("workflows/rebuild/abandon", {}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_done_is_said(cloud: Cloud, path: str, body: Any, status: int, slug: str) -> None:
    answer = cloud.request("projections", "POST", f"/v1/projections/{path}", body)
    assert answer.status == status
    assert answer.body["type"].endswith(slug)


def test_a_task_that_is_none_fails_alone(cloud: Cloud, flow: str) -> None:
    cloud.request("projections", "POST", "/v1/projections/workflows/rebuild")
    hand_out(cloud, "workflows")
    (task,) = cloud.messages("rebuilder")
    answer = load("rebuilder").handler(cloud.sqs_event({"work": "dream"}, task), cloud.context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert cloud.request("projections", "GET", "/v1/projections/workflows").body["rebuild"]["slices_done"] == 1
