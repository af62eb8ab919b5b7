"""One bounded HTTP exchange, every hop of it checked by the guard."""

import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Protocol

import httpx

from penstock.http.errors import (
    AddressRefused,
    ConnectionFailed,
    ExchangeTimeout,
    ReplyTooLarge,
    TooManyRedirects,
    UnreadableReply,
)
from penstock.http.guard import Guard

USER_AGENT = "Penstock"
_CONTENT_CODINGS = "gzip"
_HEADERS_KEPT_ABROAD = frozenset({"accept", "accept-encoding", "accept-language", "content-type", "user-agent", "host"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `body` is sent as it is."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are in lower case; `links` are those of the header Link (RFC 8288), by relation."""

    status: int
    reason: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    links: Mapping[str, str]
    encoding: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The whole exchange's time in seconds, the reply's size in bytes, and how many redirects are followed."""

    seconds: float = 30
    reply_bytes: int = 1_000_000
    redirects: int = 5


def shown(url: str) -> str:
    """A URL for people: without user, password, query and fragment, any of which may be secret."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "the URL"
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.scheme}://{parsed.host}{port}{parsed.path}"


@cache
def system_trust() -> ssl.SSLContext:
    """Reading the authorities' certificates takes tens of milliseconds: once a process."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True)
class Session:
    """Exchanges that share their connections. Use it as a context."""

    guard: Guard
    clock: Callable[[], float] = time.monotonic
    trust: Callable[[], ssl.SSLContext] = system_trust
    _transports: dict[tuple[str, str, int | None], httpx.HTTPTransport] = field(default_factory=dict)

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for transport in self._transports.values():
            transport.close()

    def exchange(self, request: Request, limits: Limits) -> Reply:
        """The reply, whatever its status. Raises an ExchangeError.

        Redirects are followed as browsers do; on the way to another origin the request loses its own headers.
        """
        end = self.clock() + limits.seconds
        what = f"{request.method} {shown(request.url)}"
        hop = _first_hop(request)
        for _ in range(limits.redirects + 1):
            response = self._send(hop, what, end, limits)
            try:
                if limits.redirects == 0 or not response.has_redirect_location:
                    return _reply(response, self._body(response, what, end, limits))
            finally:
                response.close()
            hop = _next_hop(hop, response, what)
        raise TooManyRedirects(what, limits.redirects)

    def _send(self, hop: httpx.Request, what: str, end: float, limits: Limits) -> httpx.Response:
        """Try the host's addresses in turn."""
        url = hop.url
        host = url.raw_host.decode("ascii")
        addresses = self.guard.addresses(url.scheme, host.strip("[]"), url.port)
        failure: ConnectionFailed | None = None
        for address in addresses:
            try:
                return self._send_to(address, hop, what, end, limits)
            except ConnectionFailed as failed:
                failure = failed
        raise failure or ConnectionFailed(what, "the host has no address")

    def _send_to(self, address: str, hop: httpx.Request, what: str, end: float, limits: Limits) -> httpx.Response:
        left = self._left(what, end, limits)
        pinned = httpx.Request(
            hop.method,
            hop.url.copy_with(host=address),
            headers=hop.headers,
            content=hop.content,
            extensions={"sni_hostname": hop.url.raw_host.decode("ascii"), "timeout": httpx.Timeout(left).as_dict()},
        )
        try:
            response = self._transport(hop.url, address).handle_request(pinned)
        except httpx.TimeoutException:
            raise ExchangeTimeout(what, limits.seconds) from None
        except httpx.TransportError as failed:
            raise ConnectionFailed(what, _reason(failed)) from None
        response.request = hop
        return response

    def _transport(self, url: httpx.URL, address: str) -> httpx.HTTPTransport:
        """One a host and address: a connection made under one name is never used for another."""
        key = (url.host, address, url.port)
        if key not in self._transports:
            self._transports[key] = httpx.HTTPTransport(verify=self.trust(), trust_env=False)
        return self._transports[key]

    def _body(self, response: httpx.Response, what: str, end: float, limits: Limits) -> bytes:
        """The body, decoded; never more of it in memory than the limit and one chunk."""
        decoder = _decoder(response.headers.get("content-encoding", ""), what)
        body = bytearray()
        try:
            for chunk in response.iter_raw():
                body += decoder.decompress(chunk, limits.reply_bytes + 1 - len(body)) if decoder else chunk
                self._left(what, end, limits)
                if len(body) > limits.reply_bytes:
                    raise ReplyTooLarge(what, limits.reply_bytes)
        except httpx.TimeoutException:
            raise ExchangeTimeout(what, limits.seconds) from None
        except httpx.TransportError as failed:
            raise ConnectionFailed(what, _reason(failed)) from None
        except zlib.error:
            raise UnreadableReply(what, "the reply's compression is broken") from None
        if decoder and body and (not decoder.eof or decoder.unused_data):
            raise UnreadableReply(what, "the reply's compression does not end where the reply does")
        return bytes(body)

    def _left(self, what: str, end: float, limits: Limits) -> float:
        left = end - self.clock()
        if left <= 0:
            raise ExchangeTimeout(what, limits.seconds)
        return left


def _first_hop(request: Request) -> httpx.Request:
    try:
        url = httpx.URL(request.url)
        if request.query:
            url = url.copy_merge_params(dict(request.query))
        headers = httpx.Headers({"user-agent": USER_AGENT, "accept": "*/*"})
        headers.update(dict(request.headers))
        headers["accept-encoding"] = _CONTENT_CODINGS
        if (url.username or url.password) and "authorization" not in headers:
            credentials = httpx.BasicAuth(url.username, url.password)
            return next(
                credentials.auth_flow(httpx.Request(request.method, url, headers=headers, content=request.body))
            )
        return httpx.Request(request.method, url, headers=headers, content=request.body)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise AddressRefused(shown(request.url), "this is not a URL, or a header cannot be sent") from None


def _next_hop(hop: httpx.Request, response: httpx.Response, what: str) -> httpx.Request:
    """Where a redirect leads, as RFC 9110, section 15.4, says: 303 asks by GET, 301 and 302 do so after a POST."""
    try:
        url = hop.url.join(response.headers["location"])
    except (httpx.InvalidURL, ValueError):
        raise ConnectionFailed(what, "it redirects to something that is not a URL") from None
    becomes_get = (response.status_code == 303 and hop.method != "HEAD") or (
        response.status_code in (301, 302) and hop.method == "POST"
    )
    headers = [(name, value) for name, value in hop.headers.items() if _goes_on(name, hop.url, url, becomes_get)]
    if becomes_get:
        return httpx.Request("GET", url, headers=headers)
    return httpx.Request(hop.method, url, headers=headers, content=hop.content)


def _goes_on(name: str, old: httpx.URL, new: httpx.URL, becomes_get: bool) -> bool:
    if name in ("host", "content-length", "transfer-encoding") or (becomes_get and name.startswith("content-")):
        return False
    return origin(old) == origin(new) or name in _HEADERS_KEPT_ABROAD


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454)."""
    return url.scheme, url.host, url.port


def _reply(response: httpx.Response, body: bytes) -> Reply:
    links = {name: link["url"] for name, link in response.links.items() if name and "url" in link}
    return Reply(
        status=response.status_code,
        reason=response.reason_phrase,
        url=str(response.request.url),
        headers=dict(response.headers.items()),
        body=body,
        links=links,
        encoding=response.charset_encoding or "utf-8",
    )


class _Decoder(Protocol):
    """What zlib's decompressors are."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _decoder(coding: str, what: str) -> _Decoder | None:
    """None where nothing is encoded. Raises UnreadableReply on a coding that was not asked for."""
    match coding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case other:
            raise UnreadableReply(what, f"its content coding {other[:40]!r} is unknown")


def _reason(failed: httpx.TransportError) -> str:
    """What the system said of a connection; other messages may quote the request."""
    if isinstance(failed, httpx.ConnectError):
        return f"no connection ({failed})"
    return "the connection broke before the reply was whole"
