"""OpenSearch Serverless over HTTP: signed requests, with time limits, tried again where that can help."""

import random
from collections.abc import Callable, Generator, Iterable
from hashlib import sha256
from time import sleep
from typing import Any

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from penstock.aws.errors import NotFound, Refused, Unavailable
from penstock.json import JSONObject, dumps, loads

SERVICE = "aoss"
SECONDS = 10.0
LARGEST_BULK = 4 * 1024 * 1024
"""Bytes; the service takes 10 MB in a request."""

_ATTEMPTS = 4
_LATER = frozenset({429, 500, 502, 503, 504})
_JSON, _LINES = "application/json", "application/x-ndjson"
Action = tuple[JSONObject, JSONObject | None]
"""A line of a bulk request that says what to do, and the document, if there is one."""


class Signature(httpx.Auth):
    """AWS Signature Version 4. `credentials` are botocore's, asked for each time: they expire.

    Only host, date, content type and the body's digest are signed: proxies on the way change other headers.
    """

    requires_request_body = True

    def __init__(self, credentials: Callable[[], Any], region: str) -> None:
        self._credentials, self._region = credentials, region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its signature."""
        headers = {"X-Amz-Content-SHA256": sha256(request.content).hexdigest()}
        if "Content-Type" in request.headers:
            headers["Content-Type"] = request.headers["Content-Type"]
        signed = AWSRequest(request.method, str(request.url), headers, request.content)
        SigV4Auth(self._credentials(), SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


class OpenSearch:
    """One collection. Raises AwsError."""

    def __init__(self, endpoint: str, auth: httpx.Auth | None, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=endpoint, auth=auth, timeout=SECONDS, transport=transport)

    def create(self, index: str, body: JSONObject) -> None:
        """Make an index, unless it is there. Raises AwsError."""
        try:
            self._send("PUT", f"/{index}", dumps(body))
        except Refused as refusal:
            if refusal.code != "resource_already_exists_exception":
                raise

    def delete(self, index: str) -> None:
        """Take an index away, if it is there. Raises AwsError."""
        try:
            self._send("DELETE", f"/{index}")
        except NotFound:
            return

    def search(self, index: str, body: JSONObject) -> Any:
        """The answer to a search. Raises AwsError."""
        return self._send("POST", f"/{index}/_search", dumps(body))

    def bulk(self, index: str, actions: Iterable[Action]) -> None:
        """Do all of it. What a newer version stands in the way of, or what is gone already, is well done.

        Raises Unavailable, Refused; what came before the failure stays done.
        """
        for lines in _chunks(actions):
            answer = self._send("POST", f"/{index}/_bulk", lines, _LINES)
            for outcome in (next(iter(item.values())) for item in answer["items"]) if answer["errors"] else ():
                _check(outcome)

    def _send(self, method: str, path: str, content: bytes = b"", content_type: str = _JSON) -> Any:
        headers = {"Content-Type": content_type} if content else {}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._http.request(method, path, content=content, headers=headers)
            except httpx.HTTPError as error:
                failure = Unavailable(method, type(error).__name__)
            else:
                if answer.status_code not in _LATER:
                    return _read(method, answer)
                failure = Unavailable(method, str(answer.status_code))
            if attempt < _ATTEMPTS:
                sleep(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise failure


def collection(endpoint: str) -> OpenSearch:
    """A collection as this function's role may use it; `https://<id>.<region>.aoss.amazonaws.com`."""
    session = boto3.Session()
    return OpenSearch(endpoint, Signature(session.get_credentials, session.region_name))


def _read(method: str, answer: httpx.Response) -> Any:
    if answer.is_success:
        return loads(answer.content)
    code = _code(answer)
    raise NotFound(method, code) if answer.status_code == 404 else Refused(method, code)


def _code(answer: httpx.Response) -> str:
    """The error's type; its text may quote documents."""
    try:
        return str(loads(answer.content)["error"]["type"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)


def _check(outcome: JSONObject) -> None:
    status = outcome["status"]
    if status in (404, 409) or status < 300:
        return
    code = outcome.get("error", {}).get("type", str(status))
    raise Unavailable("bulk", code) if status in _LATER else Refused("bulk", code)


def _chunks(actions: Iterable[Action]) -> Iterable[bytes]:
    """The actions as lines, so many at a time that a request is not too large."""
    lines = bytearray()
    for action, document in actions:
        entry = dumps(action) + b"\n" + (dumps(document) + b"\n" if document is not None else b"")
        if lines and len(lines) + len(entry) > LARGEST_BULK:
            yield bytes(lines)
            lines.clear()
        lines += entry
    if lines:
        yield bytes(lines)
