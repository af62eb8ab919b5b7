"""The platform's API over HTTPS, with one API key, for everything that the gateway asks."""

import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from penstock_mllp.errors import PlatformUnavailable

_MOST_ANSWER_BYTES = 6_000_000
_TELLING = frozenset({404, 409, 410, 422})
"""Refusals that tell of what was asked for; others are of the key, of the moment, or of the platform."""


class PlatformApi:
    """``api_key`` is asked for at each request.

    Each request under way has a client, and so a connection, of its own: httpx looks through all connections of a pool
    for each request, which at a dozen takes longer than everything else that a message needs.
    """

    def __init__(self, url: str, api_key: Callable[[], str], *, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout
        self._tls: ssl.SSLContext | bool = httpx.create_ssl_context() if url.startswith("https:") else False
        self._idle: list[httpx.AsyncClient] = []

    async def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Any answer, whatever its status. Raises PlatformUnavailable when there is none."""
        client = self._idle.pop() if self._idle else self._client()
        try:
            given = {"Content-Type": "application/json", "X-API-Key": self._api_key(), **(headers or {})}
            return await client.request(method, self._url + path, content=content, headers=given)
        except httpx.HTTPError as error:
            raise PlatformUnavailable(type(error).__name__) from error
        except (OSError, ValueError) as error:
            raise PlatformUnavailable(f"api key file: {type(error).__name__}") from error
        finally:
            self._idle.append(client)

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer: a success, or a refusal of this very thing. Raises PlatformUnavailable."""
        content = json.dumps(body).encode("ascii") if body is not None else None
        response = await self.send(method, path, content)
        status = response.status_code
        if not 200 <= status < 300 and status not in _TELLING:
            raise PlatformUnavailable(f"HTTP {status}", seconds(response.headers.get("retry-after", "")))
        if len(response.content) > _MOST_ANSWER_BYTES:
            raise PlatformUnavailable("the answer is too large")
        try:
            return status, json.loads(response.content) if response.content else None
        except ValueError as error:
            raise PlatformUnavailable("the answer is not JSON") from error

    async def close(self) -> None:
        """Drop the connections. Nothing may be under way."""
        for client in self._idle:
            await client.aclose()

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=1)
        return httpx.AsyncClient(timeout=self._timeout, limits=limits, follow_redirects=False, verify=self._tls)


def seconds(text: str) -> float | None:
    """What ``Retry-After`` says, where it gives seconds."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
