"""What is done with connections: set up, read, rotate keys, open."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from penstock.clock import Clock, utc_now
from penstock.events import EventStore, Origin
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.commands import Commands
from penstock.events.keyring import Keyring
from penstock.events.views import ViewStore
from penstock.http.guard import Guard
from penstock.http.signing import NoSigner, Signer
from penstock.json import JSONObject
from penstock_healthcare.fhir.client.authorization import BackendService, Bearer, Credentials, Nobody, place_problem
from penstock_healthcare.fhir.client.client import FhirClient
from penstock_healthcare.fhir.client.keys import SigningKey, UnusableKey, given_key, new_key, public_jwk
from penstock_healthcare.fhir.client.signed import Signed
from penstock_healthcare.fhir.client.transport import Authorizer, Sender
from penstock_healthcare.fhir.client.vendor import Vendor, vendors
from penstock_healthcare.fhir.connections.connection import (
    AGGREGATE,
    DECISIONS,
    Auth,
    Connection,
    Remove,
    SetKey,
    Settings,
    SetToken,
    SetUp,
)
from penstock_healthcare.fhir.connections.datastores import Datastores
from penstock_healthcare.fhir.connections.errors import (
    DatastoreNotAllowed,
    InvalidConnection,
    TooManyConnections,
    UnknownConnection,
)
from penstock_healthcare.phi.sealing import FieldSeal

MOST_CONNECTIONS = 100
LISTING = "fhir_connections"
HEALTHLAKE = "healthlake"


@dataclass(frozen=True)
class Connections:
    """The connections of every tenant. All that change one raise Conflict when others change it all the time."""

    store: EventStore
    keyring: Keyring
    guard: Guard = field(default_factory=Guard)
    clock: Clock = utc_now
    signer: Signer = field(default_factory=NoSigner)
    datastores: Datastores = field(default_factory=Datastores)

    def set_up(self, tenant: str, name: str, wanted: Settings, origin: Origin, token: str = "") -> Connection:
        """Make a connection, or change it. A bearer token that is not given stays; a backend service gets a key pair.

        Raises InvalidConnection.
        """
        settings = checked(wanted, self.guard)
        if settings.auth is Auth.AWS and not self.datastores.region(tenant, settings.base_url):
            raise InvalidConnection("base_url", "is no data store that the operator lets this tenant use")
        before = self._load(tenant, name)
        if settings.auth is Auth.BEARER and not (token or _keeps_token(before, settings)):
            raise InvalidConnection("token", "is needed: none is kept for this server")
        made = self._do(tenant, name, SetUp(settings), origin)
        if settings.auth is Auth.BEARER and token:
            made = self._do(tenant, name, SetToken(self._seal(tenant, name, token)), origin)
        return self.rotate_key(tenant, name, origin) if _lacks_key(made) else made

    def check_number(self, tenant: str, name: str, views: ViewStore) -> None:
        """Raises TooManyConnections for one more than there may be; counted as it was a moment ago."""
        listed = views.list(tenant, LISTING, limit=MOST_CONNECTIONS).items
        if len(listed) >= MOST_CONNECTIONS and not self._load(tenant, name).exists:
            raise TooManyConnections(MOST_CONNECTIONS)

    def get(self, tenant: str, name: str) -> Connection:
        """A connection as it is. Raises UnknownConnection."""
        found = self._load(tenant, name)
        if not found.exists:
            raise UnknownConnection(name)
        return found

    def rotate_key(self, tenant: str, name: str, origin: Origin, pem: str = "") -> Connection:
        """Sign by a new key pair, or by the one given as PEM. Raises UnknownConnection, InvalidConnection."""
        settings = self.get(tenant, name).settings
        if settings.auth is not Auth.BACKEND_SERVICE:
            raise InvalidConnection("auth", "only a backend_service has keys")
        vendor = vendors()[settings.vendor]
        try:
            key = given_key(pem) if pem else new_key(vendor.algorithms[0])
        except UnusableKey as unusable:
            raise InvalidConnection("private_key", str(unusable)) from None
        if key.algorithm not in vendor.algorithms:
            raise InvalidConnection("private_key", f"{vendor.title} takes {' or '.join(vendor.algorithms)}")
        command = SetKey(key.id, key.algorithm, public_jwk(key), self._seal(tenant, name, key.pem))
        return self._do(tenant, name, command, origin)

    def remove(self, tenant: str, name: str, origin: Origin) -> None:
        """Take a connection away. Raises UnknownConnection."""
        self._do(tenant, name, Remove(), origin)

    def jwks(self, tenant: str, name: str, token: str) -> JSONObject:
        """The public keys of a connection (RFC 7517). Raises UnknownConnection, also when the token is not its own."""
        found = self.get(tenant, name)
        if not compare_digest(token.encode(), self.jwks_token(tenant, name).encode()):
            raise UnknownConnection(name)
        return {"keys": [key.jwk for key in found.published(self.clock())]}

    def jwks_token(self, tenant: str, name: str) -> str:
        """What is in the URL of the keys, so that nobody finds out by guessing who has which connections."""
        return self.keyring.pseudonym(tenant, f"fhir jwks {name}")

    def open(self, tenant: str, name: str, sender: Sender) -> FhirClient:
        """A client of the connection's server. Raises UnknownConnection, DatastoreNotAllowed, NotOpened."""
        found = self.get(tenant, name)
        vendor = vendors()[found.settings.vendor]
        return FhirClient(found.settings.base_url, vendor, self._authorizer(tenant, found, vendor), sender)

    def _authorizer(self, tenant: str, found: Connection, vendor: Vendor) -> Authorizer:
        if found.settings.auth is Auth.NONE:
            return Nobody()
        if found.settings.auth is Auth.BEARER:
            return Bearer(self._open(tenant, found.id.key, found.token))
        if found.settings.auth is Auth.AWS:
            return self._signed(tenant, found)
        return BackendService(self._credentials(tenant, found, vendor), self.guard)

    def _signed(self, tenant: str, found: Connection) -> Signed:
        """The operator may have thought otherwise since the connection was set up."""
        base = found.settings.base_url
        region = self.datastores.region(tenant, base)
        if region is None:
            raise DatastoreNotAllowed(found.id.key)
        return Signed(self.signer, region, base)

    def _credentials(self, tenant: str, found: Connection, vendor: Vendor) -> Credentials:
        newest, settings = found.keys[0], found.settings
        pem = self._open(tenant, found.id.key, newest.sealed)
        return Credentials(
            identity=f"{found.id} {found.revision} {newest.id}",
            base=settings.base_url,
            client_id=settings.client_id,
            key=SigningKey(newest.id, "RS384" if newest.algorithm == "RS384" else "ES384", pem),
            scopes=settings.scopes or vendor.default_scopes,
            token_url=settings.token_url,
        )

    def _load(self, tenant: str, name: str) -> Connection:
        return self._repository().load(AGGREGATE.stream(tenant, name)).state

    def _do(self, tenant: str, name: str, command: Any, origin: Origin) -> Connection:
        commands = Commands(self._repository(), DECISIONS, self.clock)
        return commands.handle(AGGREGATE.stream(tenant, name), command, origin).state

    def _repository(self) -> Repository[Connection]:
        return Repository(AGGREGATE, self.store, MemorySnapshotStore())

    def _seal(self, tenant: str, name: str, secret: str) -> str:
        return FieldSeal(self.keyring).seal(tenant, _purpose(name), secret)

    def _open(self, tenant: str, name: str, sealed: str) -> str:
        return FieldSeal(self.keyring).open(tenant, _purpose(name), sealed)


def checked(wanted: Settings, guard: Guard) -> Settings:
    """The settings as they are kept. Raises InvalidConnection, which names the part."""
    settings = replace(wanted, base_url=wanted.base_url.rstrip("/"))
    for path, reason in _problems(settings, guard):
        raise InvalidConnection(path, reason)
    return settings


def _problems(settings: Settings, guard: Guard) -> Sequence[tuple[str, str]]:
    is_service = settings.auth is Auth.BACKEND_SERVICE
    urls = {"base_url": settings.base_url, **({"token_url": settings.token_url} if settings.token_url else {})}
    found = [(path, _url_problem(url, guard)) for path, url in urls.items()]
    found.append(("vendor", None if settings.vendor in vendors() else f"must be one of {', '.join(vendors())}"))
    found.append(("client_id", "is needed for a backend_service" if is_service and not settings.client_id else None))
    is_other = settings.auth is Auth.AWS and settings.vendor != HEALTHLAKE
    found.append(("vendor", f"must be {HEALTHLAKE} for aws" if is_other else None))
    return [(path, reason) for path, reason in found if reason]


def _url_problem(url: str, guard: Guard) -> str | None:
    """Names are resolved when something is sent, and checked then; addresses are checked at once."""
    if reason := place_problem(url, guard):
        return reason
    parts = urlsplit(url)
    return guard.refusal(parts.scheme, parts.hostname or "", parts.port) or None


def _keeps_token(before: Connection, after: Settings) -> bool:
    return bool(before.token) and before.settings.base_url == after.base_url


def _lacks_key(connection: Connection) -> bool:
    if connection.settings.auth is not Auth.BACKEND_SERVICE:
        return False
    allowed = vendors()[connection.settings.vendor].algorithms
    return not connection.keys or connection.keys[0].algorithm not in allowed


def _purpose(name: str) -> str:
    """A secret opens for the connection that it was sealed for, and for no other."""
    return f"fhir_connection/{name}"
