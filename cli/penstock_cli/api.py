"""The REST API as a client: JSON in, JSON out, problem details as errors. Every request has a time limit."""

from collections.abc import Iterator, Mapping
from typing import Any, Self
from uuid import uuid4

import httpx

from penstock_cli.errors import ApiProblem, Unreachable, WrongUse

SECONDS = 30.0
PAGE = 100
LARGEST_ANSWER = 50_000_000
Query = Mapping[str, Any]


class Api:
    """One platform, as one API key sees it."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"X-API-Key": key, "Accept": "application/json"}
        try:
            self._client = httpx.Client(timeout=SECONDS, headers=headers, transport=transport)
            httpx.URL(self.url)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise WrongUse(f"the API's URL or key is not usable: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        """What is there. Raises ApiProblem, Unreachable."""
        return self._request("GET", path, query=query)

    def post(self, path: str, body: Any = None, query: Query | None = None, *, is_repeatable: bool = True) -> Any:
        """Send. An Idempotency-Key lets the request come twice and count once, where the endpoint takes one.

        Raises ApiProblem, Unreachable.
        """
        return self._request("POST", path, query=query, body=body, once=is_repeatable)

    def put(self, path: str, body: Any) -> Any:
        """Replace what is there. Raises ApiProblem, Unreachable."""
        return self._request("PUT", path, body=body)

    def delete(self, path: str, query: Query | None = None) -> None:
        """Take away what is there. Raises ApiProblem, Unreachable."""
        self._request("DELETE", path, query=query)

    def pages(
        self, path: str, limit: int, query: Query | None = None, *, cursor: str = "cursor"
    ) -> list[dict[str, Any]]:
        """The first `limit` entries of a listing, page by page; `cursor` is the parameter that gets `next` back.

        Raises ApiProblem, Unreachable.
        """
        found: list[dict[str, Any]] = []
        for page in self._pages(path, limit, query or {}, cursor):
            found += page
            if len(found) >= limit:
                break
        return found[:limit]

    def _pages(self, path: str, limit: int, query: Query, cursor: str) -> Iterator[list[dict[str, Any]]]:
        following: Query = {}
        while True:
            answer = self.get(path, {**query, "limit": min(limit, PAGE), **following})
            yield answer["items"]
            if answer.get("next") is None:
                return
            following = {cursor: answer["next"]}

    def _request(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None, once: bool = False
    ) -> Any:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        headers = {"Idempotency-Key": uuid4().hex} if once else {}
        try:
            answer = self._client.request(method, self.url + path, params=params, json=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise WrongUse(f"{self.url}: not a usable URL: {error}") from error
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.url} did not answer: {type(error).__name__}: {error}") from error
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        document = _document(answer)
        if answer.is_success:
            return document
        raise ApiProblem(answer.status_code, document if isinstance(document, dict) else {})


def _document(answer: httpx.Response) -> Any:
    if not answer.content or len(answer.content) > LARGEST_ANSWER:
        return None
    try:
        return answer.json()
    except ValueError as error:
        if answer.is_success:
            raise Unreachable(f"{answer.url} answered with something that is not JSON") from error
        return None
