"""core.http.request against a real server on 127.0.0.1, which the guard lets through by its allow list."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from penstock.workflows.node import NodeFailure
from tests.unit.platform.nodes.http_server import Answer, Asked, serving

NODE = "core.http.request"


def as_json(value, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def query(asked: Asked) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(asked.target).query).items()}


def main(outcome) -> list:
    return list(outcome.outputs["main"])


def failure(run, parameters: dict, items=({},)) -> NodeFailure:
    with pytest.raises(NodeFailure) as caught:
        run(NODE, list(items), parameters)
    return caught.value


def test_a_request_is_sent_for_every_item(run, server) -> None:
    server.answer = lambda asked: as_json({"path": asked.target})
    items = main(run(NODE, [{}, {}], [{"url": f"{server.url}/{n}"} for n in (1, 2)]))
    assert items == [{"path": "/1"}, {"path": "/2"}]


def test_query_headers_and_a_json_body_arrive(run, server) -> None:
    run(
        NODE,
        [{}],
        {
            "method": "POST",
            "url": f"{server.url}/a?x=1",
            "query": {"y": 2, "z": True},
            "headers": {"X-Trace": "t"},
            "body": {"content": {"n": [1]}},
        },
    )
    (asked,) = server.asked
    assert (asked.method, query(asked), asked.headers["x-trace"]) == ("POST", {"x": "1", "y": "2", "z": "true"}, "t")
    assert (json.loads(asked.body), asked.headers["content-type"]) == ({"n": [1]}, "application/json")
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ({"type": "text", "content": "é"}, "é".encode(), "text/plain; charset=utf-8"),
        ({"type": "form", "content": {"a": "x y", "b": 2}}, b"a=x+y&b=2", "application/x-www-form-urlencoded"),
    ],
)
def test_texts_and_forms_are_sent_as_such(run, server, body: dict, sent: bytes, content_type: str) -> None:
    run(NODE, [{}], {"method": "PUT", "url": server.url, "body": body})
    assert (server.asked[0].body, server.asked[0].headers["content-type"]) == (sent, content_type)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_changes_something_carries_the_runs_key(run, server, method: str) -> None:
    run(NODE, [{}], {"method": method, "url": server.url}, key="x1/Nöde A/0/1")
    assert server.asked[0].headers["idempotency-key"] == "x1/N%C3%B6de%20A/0/1"


def test_each_items_request_has_a_key_of_its_own_and_the_same_one_again(run, server) -> None:
    for _ in range(2):
        run(NODE, [{}, {}], {"method": "POST", "url": server.url}, key="k")
    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["k/0", "k/1", "k/0", "k/1"]


def test_reading_carries_no_key_and_the_authors_own_key_counts(run, server) -> None:
    run(NODE, [{}], {"url": server.url})
    run(NODE, [{}], {"method": "POST", "url": server.url, "headers": {"idempotency-key": "mine"}})
    assert "idempotency-key" not in server.asked[0].headers
    assert server.asked[1].headers["idempotency-key"] == "mine"


@pytest.mark.parametrize(
    ("content_type", "body", "wanted", "item"),
    [
        ("application/fhir+json", b'{"a":1}', "auto", {"a": 1}),
        ("application/json", b'[{"a":1},2]', "auto", [{"a": 1}, {"body": 2}]),
        ("application/json", b"not json", "auto", {"body": "not json"}),
        ("text/plain; charset=latin-1", b"\xe9", "auto", {"body": "é"}),
        ("text/plain; charset=nonsense", b"a", "auto", {"body": "a"}),
        ("image/png", b"\x00\xff", "auto", {"body": "AP8="}),
        ("text/plain", b'{"a":1}', "json", {"a": 1}),
        ("application/json", b'{"a":1}', "text", {"body": '{"a":1}'}),
        ("application/json", b'{"a":1}', "base64", {"body": "eyJhIjoxfQ=="}),
        ("application/json", b"", "json", {"body": None}),
    ],
)
def test_the_reply_is_read_as_wanted(run, server, content_type: str, body: bytes, wanted: str, item) -> None:
    server.answer = lambda _: Answer(200, body, {"Content-Type": content_type})
    expected = item if isinstance(item, list) else [item]
    assert main(run(NODE, [{}], {"url": server.url, "response": wanted})) == expected


def test_a_reply_that_must_be_json_and_is_not_fails_and_may_be_tried_again(run, server) -> None:
    server.answer = lambda _: Answer(200, b"<html>", {"Content-Type": "text/html"})
    failed = failure(run, {"url": server.url, "response": "json"})
    assert (failed.kind, failed.permanent) == ("UnreadableReply", False)


def test_the_whole_response_can_be_the_item(run, server) -> None:
    server.answer = lambda _: as_json([1], 201, **{"X-Id": "7"})
    (item,) = main(run(NODE, [{}], {"url": server.url, "output": "response"}))
    assert (item["status"], item["headers"]["x-id"], item["body"]) == (201, "7", [1])


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (404, True), (408, False), (425, False), (429, False), (500, False), (503, False)],
)
def test_a_status_of_400_or_more_is_a_failure_that_is_permanent_where_it_will_stay(
    run, server, status: int, permanent: bool
) -> None:
    server.answer = lambda _: Answer(status, b"patient data")
    failed = failure(run, {"url": f"{server.url}/a"})
    assert (failed.kind, failed.permanent) == (f"HTTP {status}", permanent)
    assert "patient data" not in str(failed)


def test_a_failures_message_shows_neither_credentials_nor_query(run, server) -> None:
    server.answer = lambda _: Answer(500)
    url = f"http://user:hunter2@127.0.0.1:{server.port}/a?token=s3cret#frag"
    message = str(failure(run, {"url": url, "query": {"key": "s3cret"}, "headers": {"X-Api-Key": "s3cret"}}))
    assert message.startswith(f"GET http://127.0.0.1:{server.port}/a was answered 500")
    assert not any(secret in message for secret in ("hunter2", "s3cret", "frag"))


def test_user_and_password_in_the_url_are_sent_as_basic_authentication(run, server) -> None:
    run(NODE, [{}], {"url": f"http://user:pw@127.0.0.1:{server.port}/"})
    assert server.asked[0].headers["authorization"] == "Basic dXNlcjpwdw=="


def test_without_a_place_on_the_allow_list_this_machine_is_refused(run, server, monkeypatch) -> None:
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1:1")
    failed = failure(run, {"url": server.url})
    assert (failed.kind, failed.permanent, server.asked) == ("AddressRefused", True, [])


def test_a_redirect_is_followed_and_checked(run, server) -> None:
    server.answer = lambda asked: (
        Answer(302, headers={"Location": "/b"}) if asked.target == "/a" else as_json({"at": asked.target})
    )
    assert main(run(NODE, [{}], {"url": f"{server.url}/a"})) == [{"at": "/b"}]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "file:///etc/passwd", "http://[::1]/"]
)
def test_a_redirect_to_a_refused_address_is_refused(run, server, target: str) -> None:
    server.answer = lambda _: Answer(302, headers={"Location": target})
    failed = failure(run, {"url": server.url})
    assert (failed.kind, len(server.asked)) == ("AddressRefused", 1)


def test_redirects_end_at_their_limit(run, server) -> None:
    server.answer = lambda _: Answer(302, headers={"Location": "/again"})
    failed = failure(run, {"url": server.url, "redirects": 2})
    assert (failed.kind, len(server.asked)) == ("TooManyRedirects", 3)


def test_without_redirects_the_redirect_is_the_reply(run, server) -> None:
    server.answer = lambda _: Answer(302, headers={"Location": "/b"})
    (item,) = main(run(NODE, [{}], {"url": server.url, "redirects": 0, "output": "response"}))
    assert (item["status"], item["headers"]["location"]) == (302, "/b")


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(303, "GET", b""), (302, "GET", b""), (307, "POST", b'{"a":1}'), (308, "POST", b'{"a":1}')],
)
def test_a_redirect_after_a_post_asks_as_its_status_says(run, server, status: int, method: str, body: bytes) -> None:
    server.answer = lambda asked: Answer(status, headers={"Location": "/b"}) if asked.target == "/a" else Answer()
    run(NODE, [{}], {"method": "POST", "url": f"{server.url}/a", "body": {"content": {"a": 1}}})
    assert (server.asked[1].method, server.asked[1].body) == (method, body)


def test_on_the_way_to_another_origin_a_request_loses_its_own_headers(run, server, monkeypatch) -> None:
    with serving() as other:
        monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
        server.answer = lambda _: Answer(307, headers={"Location": other.url})
        run(
            NODE,
            [{}],
            {"url": server.url, "headers": {"X-Api-Key": "k", "Authorization": "Bearer t", "Accept": "text/x"}},
        )
    headers = other.asked[0].headers
    assert headers["accept"] == "text/x"
    assert "x-api-key" not in headers
    assert "authorization" not in headers
    assert server.asked[0].headers["x-api-key"] == "k"


@pytest.mark.parametrize("size", [1_000, 1_001])
def test_a_reply_may_be_as_large_as_its_limit(run, server, size: int) -> None:
    server.answer = lambda _: Answer(200, b"x" * size, {"Content-Type": "text/plain"})
    parameters = {"url": server.url, "max_response_bytes": 1_000}
    if size <= 1_000:
        assert main(run(NODE, [{}], parameters)) == [{"body": "x" * size}]
    else:
        assert failure(run, parameters).kind == "ReplyTooLarge"


def test_a_compressed_reply_counts_by_what_it_unpacks_to_and_is_unpacked_no_further(run, server) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    server.answer = lambda _: Answer(200, bomb, {"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        failed = failure(run, {"url": server.url})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (failed.kind, failed.permanent) == ("ReplyTooLarge", True)
    assert peak < 10_000_000


def test_a_compressed_reply_is_unpacked(run, server) -> None:
    server.answer = lambda _: Answer(
        200, gzip.compress(b'{"a":1}'), {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert main(run(NODE, [{}], {"url": server.url})) == [{"a": 1}]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("zstd", b"x"),
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"a" * 99)[:-9]),
        ("gzip", gzip.compress(b"a") + b"more"),
    ],
    ids=["unknown", "no gzip", "cut off", "trailing"],
)
def test_a_reply_that_cannot_be_unpacked_fails(run, server, coding: str, body: bytes) -> None:
    server.answer = lambda _: Answer(200, body, {"Content-Encoding": coding})
    assert failure(run, {"url": server.url}).kind == "UnreadableReply"


def test_a_reply_that_trickles_in_is_cut_off_at_the_timeout(run, server) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x"
            time.sleep(0.05)

    server.answer = lambda _: Answer(chunks=drip)
    begun = time.monotonic()
    failed = failure(run, {"url": server.url, "timeout_seconds": 0.3})
    assert (failed.kind, failed.permanent) == ("ExchangeTimeout", False)
    assert time.monotonic() - begun < 1.5


def test_no_connection_is_a_failure_that_may_be_tried_again(run, monkeypatch) -> None:
    with serving() as gone:
        port = gone.port
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    failed = failure(run, {"url": f"http://127.0.0.1:{port}/?token=s3cret"})
    assert (failed.kind, failed.permanent) == ("ConnectionFailed", False)
    assert "s3cret" not in str(failed)


def pages(server, **more) -> dict:
    return {"url": f"{server.url}/list?size=2", "headers": {"X-Api-Key": "k"}, **more}


def test_pages_are_followed_by_the_url_in_the_body(run, server) -> None:
    server.answer = lambda asked: as_json(
        {"n": 1, "links": {"next": "/list?page=2"}} if "page" not in asked.target else {"n": 2, "links": {}}
    )
    items = main(run(NODE, [{}], pages(server, pagination={"kind": "next_url", "path": "links.next"})))
    assert [item["n"] for item in items] == [1, 2]
    assert server.asked[1].headers["x-api-key"] == "k"


def test_pages_are_followed_by_the_link_header(run, server) -> None:
    server.answer = lambda asked: (
        as_json([{"n": 1}], Link='</list?page=2>; rel="next", </list>; rel="first"')
        if "page" not in asked.target
        else as_json([{"n": 2}])
    )
    assert main(run(NODE, [{}], pages(server, pagination={"kind": "link_header"}))) == [{"n": 1}, {"n": 2}]


def test_pages_are_counted_by_a_parameter_until_one_is_not_full(run, server) -> None:
    server.answer = lambda asked: as_json({"rows": [1, 2] if query(asked)["offset"] != "4" else [3]})
    pagination = {
        "kind": "page",
        "parameter": "offset",
        "start": 0,
        "step": 2,
        "limit_parameter": "limit",
        "limit": 2,
        "records": "rows",
    }
    items = main(run(NODE, [{}], pages(server, pagination=pagination)))
    assert [item["rows"] for item in items] == [[1, 2], [1, 2], [3]]
    assert [query(asked) for asked in server.asked] == [
        {"size": "2", "limit": "2", "offset": offset} for offset in ("0", "2", "4")
    ]


def test_an_empty_page_is_the_last(run, server) -> None:
    server.answer = lambda asked: as_json([{"n": 1}] if query(asked)["page"] == "1" else [])
    assert main(run(NODE, [{}], pages(server, pagination={"kind": "page"}))) == [{"n": 1}]
    assert len(server.asked) == 2


def test_no_more_pages_are_fetched_than_allowed(run, server) -> None:
    server.answer = lambda _: as_json({"next": "/list"})
    run(NODE, [{}], pages(server, pagination={"kind": "next_url", "path": "next"}, max_pages=3))
    assert len(server.asked) == 3


def test_all_pages_together_may_be_as_large_as_the_limit(run, server) -> None:
    server.answer = lambda _: as_json({"next": "/list", "pad": "x" * 300})
    parameters = pages(server, pagination={"kind": "next_url", "path": "next"}, max_response_bytes=1_000)
    assert failure(run, parameters).kind == "ReplyTooLarge"


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://10.0.0.1/", "gopher://x/"])
def test_a_next_page_at_a_refused_address_is_refused(run, server, target: str) -> None:
    server.answer = lambda _: as_json({"next": target})
    failed = failure(run, pages(server, pagination={"kind": "next_url", "path": "next"}))
    assert (failed.kind, len(server.asked)) == ("AddressRefused", 1)


def test_a_next_page_elsewhere_is_asked_for_without_the_authors_headers(run, server, monkeypatch) -> None:
    with serving() as other:
        monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
        server.answer = lambda _: as_json({"next": other.url})
        run(NODE, [{}], pages(server, pagination={"kind": "next_url", "path": "next"}))
    assert "x-api-key" not in other.asked[0].headers


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"headers": {"Host": "x"}}, "Host"),
        ({"headers": {"X": "a\r\nY: b"}}, "X"),
        ({"headers": {"X Y": "a"}}, "X Y"),
        ({"body": {"content": 1}}, "sends no body"),
        ({"method": "POST", "body": {"type": "text", "content": 1}}, "content must be a string"),
        ({"method": "POST", "body": {"type": "form", "content": [1]}}, "content must be an object"),
        ({"timeout_seconds": 301}, "timeout_seconds"),
        ({"max_response_bytes": 5_000_001}, "max_response_bytes"),
        ({"pagination": {"kind": "magic"}}, "pagination"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(run, server, parameters: dict, named: str) -> None:
    failed = failure(run, {"url": server.url, **parameters})
    assert (failed.kind, server.asked) == ("InvalidParameters", [])
    assert named in str(failed)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "no url", "http://", "http:///path", "http://[::1"]
)
def test_a_url_that_is_not_http_or_not_a_url_is_refused(run, url: str) -> None:
    failed = failure(run, {"url": url})
    assert (failed.kind, failed.permanent) == ("AddressRefused", True)
