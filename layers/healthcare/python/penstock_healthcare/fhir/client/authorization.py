"""What lets requests in: SMART Backend Services (SMART App Launch 2.2), a fixed bearer token, or nothing.

An access token is kept for as long as it holds, less a margin, by all who use the same credentials in this process.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from penstock.clock import NewId, new_id
from penstock.http.exchange import Reply, Request, shown
from penstock.http.guard import DEFAULT_PORTS, Guard
from penstock.json import JSONObject, loads
from penstock_healthcare.fhir.client.errors import Busy, NoDiscovery, ServerFailed, TokenRefused, UnreadableAnswer
from penstock_healthcare.fhir.client.keys import SigningKey, assertion
from penstock_healthcare.fhir.client.transport import Ask, Authorizer, Sender, with_headers

DISCOVERY = "/.well-known/smart-configuration"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_TOKEN = 20_000
MOST_TOKENS = 1_000
_DISCOVERED_SECONDS = 3_600.0
_LONGEST_LIFE, _UNKNOWN_LIFE = 3_600.0, 300.0
_MARGIN, _MARGIN_SHARE = 60.0, 0.2
"""A token is renewed this many seconds before its end, or this share of its life before, whichever is less."""
_OAUTH_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


class Nobody:
    """Requests go as they are."""

    def authorize(self, _: Sender, request: Request) -> Request:
        """See Authorizer.authorize."""
        return request

    def renew(self) -> bool:
        """See Authorizer.renew."""
        return False


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody else looks after."""

    token: str = field(repr=False)

    def authorize(self, _: Sender, request: Request) -> Request:
        """See Authorizer.authorize."""
        return _bearing(request, self.token)

    def renew(self) -> bool:
        """See Authorizer.renew."""
        return False


@dataclass(slots=True)
class _Kept:
    value: str
    until: float


@dataclass(eq=False)
class Tokens:
    """What is remembered in this process, by credentials: access tokens and token endpoints. Safe for threads."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[tuple[str, str], _Kept] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, kind: str, key: str) -> str | None:
        """What is kept, unless its time is up."""
        with self._lock:
            kept = self._kept.get((kind, key))
            return kept.value if kept and kept.until > self.clock() else None

    def keep(self, kind: str, key: str, value: str, seconds: float) -> None:
        """Keep it for so many seconds; what was kept first goes when there are too many."""
        with self._lock:
            self._kept[kind, key] = _Kept(value, self.clock() + seconds)
            self._kept.move_to_end((kind, key))
            while len(self._kept) > MOST_TOKENS:
                self._kept.popitem(last=False)

    def forget(self, kind: str, key: str) -> None:
        """Keep it no longer."""
        with self._lock:
            self._kept.pop((kind, key), None)

    def clear(self) -> None:
        """Keep nothing longer."""
        with self._lock:
            self._kept.clear()


TOKENS = Tokens()
"""Those of this process."""


@dataclass(frozen=True)
class Credentials:
    """Who a backend service is to a server. `identity` names connection, revision and key: tokens are kept by it."""

    identity: str
    base: str
    client_id: str
    key: SigningKey
    scopes: str
    token_url: str = ""


@dataclass(frozen=True)
class BackendService:
    """Access tokens by `client_credentials`, asked for with a signed assertion."""

    credentials: Credentials
    guard: Guard
    tokens: Tokens = TOKENS
    unix_time: Callable[[], float] = time.time
    unique: NewId = new_id

    def authorize(self, sender: Sender, request: Request) -> Request:
        """See Authorizer.authorize."""
        known = self.tokens.get("token", self.credentials.identity)
        return _bearing(request, known or self._fetch(sender))

    def renew(self) -> bool:
        """See Authorizer.renew."""
        self.tokens.forget("token", self.credentials.identity)
        return True

    def _fetch(self, sender: Sender) -> str:
        endpoint = self.credentials.token_url or self._discovered(sender)
        token, seconds = _granted(f"a token from {shown(endpoint)}", self._ask(sender, endpoint))
        life = min(seconds, _LONGEST_LIFE)
        self.tokens.keep("token", self.credentials.identity, token, life - min(_MARGIN, life * _MARGIN_SHARE))
        return token

    def _ask(self, sender: Sender, endpoint: str) -> Reply:
        """Every try has an assertion of its own: a server takes each only once."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        ask = Ask(f"a token from {shown(endpoint)}", Request("POST", endpoint, headers), is_repeatable=True)
        return sender.exchange(ask, _Asserting(self, endpoint))

    def form(self, endpoint: str) -> bytes:
        """What a token is asked for with (RFC 7523, section 2.2)."""
        known = self.credentials
        signed = assertion(known.key, known.client_id, endpoint, int(self.unix_time()), self.unique())
        fields = {"grant_type": "client_credentials", "scope": known.scopes}
        return urlencode({**fields, "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}).encode()

    def _discovered(self, sender: Sender) -> str:
        known = self.tokens.get("endpoint", self.credentials.identity)
        if known:
            return known
        endpoint = discover(sender, self.credentials.base, self.credentials.key.algorithm, self.guard)
        self.tokens.keep("endpoint", self.credentials.identity, endpoint, _DISCOVERED_SECONDS)
        return endpoint


@dataclass(frozen=True)
class _Asserting:
    """Lets a request for a token in."""

    service: BackendService
    endpoint: str

    def authorize(self, _: Sender, request: Request) -> Request:
        return Request(request.method, request.url, request.headers, body=self.service.form(self.endpoint))

    def renew(self) -> bool:
        return False


def discover(sender: Sender, base: str, algorithm: str, guard: Guard) -> str:
    """The token endpoint that a server names, if it takes such clients. Raises ClientError."""
    url = f"{base}{DISCOVERY}"
    what = f"the SMART configuration of {shown(base)}"
    nobody: Authorizer = Nobody()
    reply = sender.send(Ask(what, Request("GET", url, {"Accept": "application/json"}), is_repeatable=True), nobody)
    found = _object(reply.body)
    endpoint = found.get("token_endpoint")
    if not isinstance(endpoint, str):
        raise NoDiscovery(what, "names no token_endpoint")
    if reason := place_problem(endpoint, guard):
        raise NoDiscovery(what, f"its token_endpoint {reason}")
    _check_lists(what, found, algorithm)
    return endpoint


def _check_lists(what: str, found: JSONObject, algorithm: str) -> None:
    """Where a server lists what it takes, ours must be among it."""
    wanted: Mapping[str, str] = {
        "token_endpoint_auth_methods_supported": "private_key_jwt",
        "token_endpoint_auth_signing_alg_values_supported": algorithm,
    }
    for name, value in wanted.items():
        listed = found.get(name)
        if isinstance(listed, list) and listed and value not in listed:
            raise NoDiscovery(what, f"{name} does not hold {value}")


def place_problem(url: str, guard: Guard) -> str | None:
    """What keeps a URL from being sent secrets to; its host is resolved, and checked again, when something is sent."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if not url.isascii() or not url.isprintable() or " " in url or parts.scheme not in DEFAULT_PORTS or not host:
        return "must begin with https:// and a host, all of it ASCII"
    if not guard.takes(parts.scheme, host, port):
        return "must begin with https://; only hosts that the operator allows are reached without"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "must have no user, no password, no query and no fragment"
    return None


def _granted(what: str, reply: Reply) -> tuple[str, float]:
    """The token, and for how many seconds it holds. Raises ClientError."""
    if reply.status in (429, 503):
        raise Busy(what, reply.status)
    if reply.status >= 500:
        raise ServerFailed(what, reply.status)
    found = _object(reply.body)
    if reply.status != 200:
        code = found.get("error")
        known = code if isinstance(code, str) and code in _OAUTH_ERRORS else ""
        raise TokenRefused(what, f"was answered {reply.status}" + (f" ({known})" if known else ""), known)
    return _token(what, found)


def _token(what: str, found: JSONObject) -> tuple[str, float]:
    token, kind = found.get("access_token"), str(found.get("token_type", "")).lower()
    is_sendable = isinstance(token, str) and 0 < len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()
    if not is_sendable or kind != "bearer":
        raise UnreadableAnswer(what, "the answer holds no bearer token")
    return str(token), _life(found.get("expires_in"))


def _life(value: Any) -> float:
    """Seconds; some servers write them as text."""
    try:
        life = float(value)
    except (TypeError, ValueError):
        return _UNKNOWN_LIFE
    return life if life > 0 else _UNKNOWN_LIFE


def _object(body: bytes) -> JSONObject:
    try:
        found = loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bearing(request: Request, token: str) -> Request:
    return with_headers(request, {"Authorization": f"Bearer {token}"})
