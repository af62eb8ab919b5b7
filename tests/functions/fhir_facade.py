"""This project's own FHIR endpoint, served over HTTP on 127.0.0.1: its handler behind a real server."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.functions.cloud import Cloud
from tests.unit.platform.nodes.http_server import Answer, Asked

_KEPT = ("accept", "content-type", "if-match", "if-none-exist", "prefer", "host")


def facade(cloud: Cloud) -> Callable[[Asked], Answer]:
    """Answers as the function behind API Gateway does; the bearer token is an API key. Read models keep up."""

    def answer(asked: Asked) -> Answer:
        parts = urlsplit(asked.target)
        headers = {name: value for name, value in asked.headers.items() if name in _KEPT}
        if "content-type" in headers:
            headers["Content-Type"] = headers.pop("content-type")
        done = cloud.request(
            "fhir",
            asked.method,
            parts.path,
            asked.body.decode() or None,
            key=asked.headers.get("authorization", "").removeprefix("Bearer "),
            query=dict(parse_qs(parts.query)),
            headers={**headers, "X-Forwarded-Proto": "http"},
        )
        cloud.catch_up()
        return Answer(done.status, done.text.encode(), done.headers)

    return answer
