"""OpenSearch Serverless: signed requests, failures, and what the adapter does beyond the contract."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials

from penstock.aws import search_client
from penstock.aws.errors import NotFound, Refused, Unavailable
from penstock.aws.opensearch import MOST_DOCUMENTS, OpenSearchIndex, index_name
from penstock.aws.search_client import OpenSearch, Signature
from penstock.search import Batch, Document, Query, QueryTooSlow
from penstock.search.storing import MemoryIndexStore
from tests.contract.opensearch import FakeOpenSearch

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "secret", "session", "eu-central-1"
URL = "https://c.eu-central-1.aoss.amazonaws.com"


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_client, "sleep", lambda _: None)


@pytest.fixture
def server() -> FakeOpenSearch:
    return FakeOpenSearch()


@pytest.fixture
def client(server: FakeOpenSearch) -> OpenSearch:
    return OpenSearch(URL, Signature(lambda: Credentials(KEY, SECRET, TOKEN), REGION), server.transport)


def index(client: OpenSearch, store: MemoryIndexStore, edition: int = 1, *catalogue: Document) -> OpenSearchIndex:
    return OpenSearchIndex(client, store, edition, lambda: catalogue, fresh_for=0)


def flow(name: str, number: int = 1) -> Document:
    return Document(f"workflow:{number}", "workflow", name, "", f"/v1/workflows/{number}", 1)


def signature(request: httpx.Request) -> str:
    """Signature Version 4 by its definition, from what arrived."""
    scope, signed = _authorization(request)
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in signed.split(";"))
    body = hashlib.sha256(request.content).hexdigest()
    canonical = "\n".join([request.method, request.url.path, "", headers, signed, body])
    date, region, service, _ = scope.split("/")
    text = "\n".join(
        ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _authorization(request: httpx.Request) -> tuple[str, str]:
    parts = dict(part.strip(", ").split("=", 1) for part in request.headers["authorization"].split(" ")[1:])
    return parts["Credential"].partition("/")[2], parts["SignedHeaders"]


def test_requests_are_signed_as_the_service_checks_it(client: OpenSearch, server: FakeOpenSearch) -> None:
    index(client, MemoryIndexStore()).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    assert [request.method for request in server.requests] == ["PUT", "POST"]
    for request in server.requests:
        scope, signed = _authorization(request)
        assert scope == f"{datetime.now(UTC):%Y%m%d}/{REGION}/aoss/aws4_request"
        assert signed == "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
        assert request.headers["x-amz-content-sha256"] == hashlib.sha256(request.content).hexdigest()
        assert request.headers["x-amz-security-token"] == TOKEN
        assert request.headers["authorization"].endswith(f"Signature={signature(request)}")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(client: OpenSearch, server: FakeOpenSearch, status: int) -> None:
    server.failing = [httpx.Response(status), httpx.Response(status)]
    assert index(client, MemoryIndexStore()).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))


def test_what_does_not_pass_is_unavailable_and_the_place_stays(client: OpenSearch, server: FakeOpenSearch) -> None:
    store = MemoryIndexStore()
    server.failing = [httpx.Response(503)] * 4
    with pytest.raises(Unavailable):
        index(client, store).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    assert index(client, store).position("acme") == 0
    assert index(client, store).apply("acme", Batch(0, 1, {"a": [flow("Lab")]})), "and it can be done again"


def test_a_refusal_is_not_tried_again_and_quotes_nothing(client: OpenSearch, server: FakeOpenSearch) -> None:
    error = {"error": {"type": "mapper_parsing_exception", "reason": "failed to parse 'J. Doe'"}, "status": 400}
    server.failing = [httpx.Response(400, json=error)]
    with pytest.raises(Refused) as refusal:
        client.search("penstock-1", {})
    assert "J. Doe" not in str(refusal.value)
    assert refusal.value.code == "mapper_parsing_exception"
    assert len(server.requests) == 1


def test_a_network_that_fails_is_unavailable(client: OpenSearch) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too long", request=request)

    broken = OpenSearch(URL, None, httpx.MockTransport(cut))
    with pytest.raises(Unavailable, match="ReadTimeout"):
        broken.search("penstock-1", {})


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ({"status": 429, "error": {"type": "throttled"}}, Unavailable),
        ({"status": 400, "error": {"type": "x"}}, Refused),
    ],
)
def test_one_document_that_fails_fails_the_batch(
    client: OpenSearch, server: FakeOpenSearch, outcome: Any, error: type[Exception]
) -> None:
    server.failing = [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"errors": True, "items": [{"index": {"status": 201}}, {"index": outcome}]}),
    ]
    store = MemoryIndexStore()
    with pytest.raises(error):
        index(client, store).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    assert index(client, store).position("acme") == 0


def test_a_slow_rival_overwrites_nothing_newer(client: OpenSearch, server: FakeOpenSearch) -> None:
    """It has written its documents to OpenSearch before it learns that it lost."""
    store = MemoryIndexStore()
    slow, fast = index(client, store), index(client, store)
    begun: list[str] = []
    handle = server.handle

    def overtaken(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("_bulk") and not begun:
            begun.append("slow")
            assert fast.apply("acme", Batch(0, 5, {"a": [flow("Newer")]}))
        return handle(request)

    server.transport.handler = overtaken
    assert not slow.apply("acme", Batch(0, 1, {"a": [flow("Older")]}))
    assert (fast.search("acme", Query("newer")).total, fast.search("acme", Query("older")).total) == (1, 0)


def test_large_batches_are_sent_in_several_requests(
    client: OpenSearch, server: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_client, "LARGEST_BULK", 5_000)
    many = {str(number): [flow(f"Lab {number}", number)] for number in range(50)}
    made = index(client, MemoryIndexStore())
    assert made.apply("acme", Batch(0, 1, many))
    sizes = [len(request.content) for request in server.requests if request.url.path.endswith("_bulk")]
    assert len(sizes) > 2
    assert max(sizes) <= 5_000
    assert made.search("acme", Query("lab")).total == 50


def test_a_source_with_too_many_documents_is_refused_before_anything_is_written(
    client: OpenSearch, server: FakeOpenSearch
) -> None:
    many = [flow(f"Lab {number}", number) for number in range(MOST_DOCUMENTS + 1)]
    with pytest.raises(ValueError, match="more than 4"):
        index(client, MemoryIndexStore()).apply("acme", Batch(0, 1, {"a": many}))
    assert all(not found.documents for found in server.indexes.values())


def test_tenants_of_any_name_have_an_index_each(client: OpenSearch, server: FakeOpenSearch) -> None:
    store = MemoryIndexStore()
    for tenant in ("Acme", "acme", "_acme/..", "ÄÖ"):
        assert index(client, store).apply(tenant, Batch(0, 1, {"a": [flow("Lab")]}))
    assert len(server.indexes) == 4


def test_the_older_index_is_taken_away_once_the_newer_serves(client: OpenSearch, server: FakeOpenSearch) -> None:
    store = MemoryIndexStore()
    index(client, store).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    newer = index(client, store, 2)
    newer.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    assert set(server.indexes) == {index_name("acme", 1), index_name("acme", 2)}
    newer.caught_up("acme")
    assert set(server.indexes) == {index_name("acme", 2)}


def test_a_catalogue_that_shrinks_leaves_nothing_behind(client: OpenSearch) -> None:
    store, types = MemoryIndexStore(), [flow(f"Type {number}", number) for number in range(3)]
    index(client, store, 1, *types).apply("acme", Batch(0, 1, {}))
    fewer = index(client, store, 1, types[0])
    assert fewer.search("acme", Query("type")).total == 3
    fewer.apply("acme", Batch(1, 2, {}))
    assert fewer.search("acme", Query("type")).total == 1


def test_a_search_that_ran_out_of_time_says_so(client: OpenSearch, server: FakeOpenSearch) -> None:
    made = index(client, MemoryIndexStore())
    made.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    server.failing = [httpx.Response(200, json={"timed_out": True, "hits": {"hits": []}})]
    with pytest.raises(QueryTooSlow):
        made.search("acme", Query("lab"))


def test_an_index_that_was_taken_away_is_not_found(client: OpenSearch, server: FakeOpenSearch) -> None:
    made = index(client, MemoryIndexStore())
    made.apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    server.indexes.clear()
    with pytest.raises(NotFound):
        made.search("acme", Query("lab"))


def test_the_state_is_read_again_only_after_a_while(client: OpenSearch) -> None:
    class Counting(MemoryIndexStore):
        loads = 0

        def load(self, name: str) -> tuple[bytes, str] | None:
            self.loads += 1
            return super().load(name)

    times: Iterator[float] = iter([0.0, 0.0, 1.0, 4.9, 5.1, 5.1])
    store = Counting()
    index(client, store).apply("acme", Batch(0, 1, {"a": [flow("Lab")]}))
    reader = OpenSearchIndex(client, store, 1, lambda: (), fresh_for=5, monotonic=lambda: next(times))
    store.loads = 0
    for _ in range(4):
        reader.search("acme", Query("lab"))
    assert store.loads == 2
