"""Search, from what happened to what is found: the indexer's and the endpoint's handlers on one cloud."""

from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.events import StreamId
from penstock.events.feed import Entry, Span
from penstock.identity.model import Scope
from penstock.search import stored
from tests.functions.cloud import Answer, Cloud, load
from tests.functions.flows import SET, STOP, start, workflow

SECRET = "only-the-patient-knows"
REFUSED = {
    "name": "Look up patient",
    "type": "core.stop",
    "parameters": {"message": "no such patient in ward seven", "kind": "UnknownPatient"},
}


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint and the indexer share a process here, and tests do not wait."""
    monkeypatch.setattr(stored.StoredIndex.__init__, "__kwdefaults__", {**_defaults(), "fresh_for": 0})


def _defaults() -> dict[str, Any]:
    return dict(stored.StoredIndex.__init__.__kwdefaults__ or {})


def heard(cloud: Cloud, tenant: str = "acme") -> None:
    """Write what the sequencer would into the tenant's feed: every commit that is not there yet."""
    feed = wiring.feed()
    streams = [stream for stream in cloud.streams() if stream.tenant == tenant]
    indexed = feed.indexed(streams)
    for stream in streams:
        commits = list(wiring.events().commits(stream, indexed[stream]))
        if commits:
            types = tuple(dict.fromkeys(event.type for commit in commits for event in commit.events))
            span = Span(stream, commits[0].number, commits[-1].number, types, 0)
            assert feed.append(Entry(tenant, feed.head(tenant) + 1, (span,)))


def index(cloud: Cloud, tenant: str = "acme") -> None:
    """Let the indexer do its work."""
    heard(cloud, tenant)
    nudge = {"stream": f"{tenant}#feed#all", "commit": 1}
    answer = load("search_indexer").handler(cloud.sqs_event(nudge), cloud.context())
    assert answer == {"batchItemFailures": []}


def ask(cloud: Cloud, q: str = "", key: str | None = None, **more: str) -> Answer:
    return cloud.request("search", "GET", "/v1/search", query={"q": q, **more}, key=key)


def found(cloud: Cloud, q: str = "", **more: str) -> list[str]:
    answer = ask(cloud, q, **more)
    assert answer.status == 200, answer.text
    return [item["url"] for item in answer.body["items"]]


def test_a_failed_execution_is_found_by_its_misspelt_error(cloud: Cloud) -> None:
    flow = workflow(cloud, REFUSED)
    run = start(cloud, flow, items=[{"name": SECRET}]).body["id"]
    index(cloud)
    answer = ask(cloud, "pateint wrad type:error", facets="error,node,status")
    (item,) = answer.body["items"]
    assert (item["id"], item["url"]) == (f"error:{run}", f"/v1/executions/{run}")
    assert "".join(part["text"] for part in item["title"]) == "UnknownPatient in Look up patient"
    assert [part["text"] for part in item["title"] if part["match"]] == ["patient"]
    assert [part["text"] for part in item["snippet"] if part["match"]] == ["patient", "ward"]
    assert answer.body["corrected"] == {"pateint": ["patient"], "wrad": ["ward"]}
    assert answer.body["facets"] == {
        "error": [{"value": "UnknownPatient", "count": 1}],
        "node": [{"value": "Look up patient", "count": 1}],
        "status": [{"value": "failed", "count": 1}],
    }
    assert cloud.request("executions", "GET", item["url"]).status == 200


def test_workflows_executions_and_node_types_are_found(cloud: Cloud) -> None:
    flow = workflow(cloud, SET)
    run = start(cloud, flow, items=[{"a": 1}]).body["id"]
    index(cloud)
    assert found(cloud, "tested", type="workflow") == [f"/v1/workflows/{flow}"]
    assert found(cloud, "tested")[0] == f"/v1/workflows/{flow}", "a workflow counts more than its executions"
    assert found(cloud, run) == [f"/v1/executions/{run}"]
    assert found(cloud, workflow=flow, status="done") == [f"/v1/executions/{run}"]
    assert found(cloud, "approval", type="node_type")[0] == "/v1/node-types/core.approval"


def test_a_change_shows_once_it_is_indexed(cloud: Cloud) -> None:
    flow = workflow(cloud, SET, publish=False)
    index(cloud)
    assert found(cloud, "tested", type="workflow", status="draft") == [f"/v1/workflows/{flow}"]
    cloud.request("workflows", "POST", f"/v1/workflows/{flow}/publish")
    cloud.request("workflows", "DELETE", f"/v1/workflows/{flow}")
    index(cloud)
    assert found(cloud, "tested", type="workflow") == []


def test_items_are_in_no_index(cloud: Cloud) -> None:
    flow = workflow(cloud, SET, STOP)
    start(cloud, flow, items=[{"a": 1, "name": SECRET}])
    index(cloud)
    assert found(cloud, SECRET) == []
    assert found(cloud, "no more", type="error") != [], "or else the line above would show nothing"


def test_a_tenant_without_an_index_finds_node_types(cloud: Cloud) -> None:
    answer = ask(cloud, "http request")
    assert answer.body["items"][0]["url"] == "/v1/node-types/core.http.request"
    assert answer.body["position"] == 0


def test_another_tenant_finds_nothing(cloud: Cloud) -> None:
    flow = workflow(cloud, REFUSED)
    start(cloud, flow)
    index(cloud)
    other = cloud.new_key("other")
    for query in (
        {"q": "tested", "type": "workflow"},
        {"q": '"ward seven"'},
        {"workflow": flow},
        {"q": f"workflow:{flow}"},
        {"type": "error"},
    ):
        assert ask(cloud, key=other, **query).body["items"] == []
    assert ask(cloud, "ward").body["total"] > 0


def test_reading_is_enough_to_search_and_nothing_less(cloud: Cloud) -> None:
    assert ask(cloud, "set", key=cloud.new_key("acme", Scope.READ)).status == 200
    assert ask(cloud, "set", key=cloud.new_key("acme", Scope.WRITE, Scope.RUN)).status == 403
    assert ask(cloud, "set", key="").status == 401


def test_pages_follow_each_other_and_a_cursor_belongs_to_its_search(cloud: Cloud) -> None:
    first = ask(cloud, type="node_type", limit="10").body
    second = ask(cloud, type="node_type", limit="10", cursor=first["next"]).body
    urls = [item["url"] for page in (first, second) for item in page["items"]]
    assert len(set(urls)) == 20
    assert ask(cloud, "set", cursor=first["next"]).body["type"] == "urn:penstock:problem:bad-cursor"
    for nonsense in ("x", "eyJhIjoxfQ", "W10", "WzEsMl0"):
        assert ask(cloud, "set", cursor=nonsense).status == 400
    last, seen = first, 0
    while last["next"]:
        seen += len(last["items"])
        last = ask(cloud, type="node_type", limit="10", cursor=last["next"]).body
    assert seen + len(last["items"]) == first["total"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({}, "q"),
        ({"q": "()"}, "q"),
        ({"q": "x" * 501}, "query.q"),
        ({"q": "set", "facets": "colour"}, "facets"),
        ({"q": "set", "limit": "101"}, "query.limit"),
    ],
)
def test_what_cannot_be_asked_is_refused_naming_the_part(cloud: Cloud, query: dict[str, str], path: str) -> None:
    answer = cloud.request("search", "GET", "/v1/search", query=query)
    assert answer.status == 422
    assert answer.body["problems"][0]["path"] == path


def test_a_nudge_that_comes_twice_writes_the_index_once(cloud: Cloud) -> None:
    workflow(cloud, SET)
    index(cloud)
    before = clients.s3().head_object(Bucket="search", Key="indexes/acme.sqlite.zst")
    index(cloud)
    assert clients.s3().head_object(Bucket="search", Key="indexes/acme.sqlite.zst")["ETag"] == before["ETag"]
    assert wiring.search().position("acme") == wiring.feed().head("acme")


def test_a_poisoned_feed_fails_alone_and_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow(cloud, SET)
    heard(cloud)
    clients.s3().put_object(Bucket="search", Key="indexes/acme.sqlite.zst", Body=b"no index")
    nudges = [{"stream": str(StreamId(tenant, "feed", "all")), "commit": 1} for tenant in ("acme", "other")]
    answer = load("search_indexer").handler(cloud.sqs_event(*nudges), cloud.context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert ask(cloud, "tested").body["type"] == "urn:penstock:problem:search-unavailable"
