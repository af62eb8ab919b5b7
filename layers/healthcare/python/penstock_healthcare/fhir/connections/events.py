"""What happens to a connection. `sealed` is a secret that only the connection's own name opens."""

from dataclasses import dataclass

from penstock.events.types import EventTypes
from penstock.json import JSONObject

EVENTS = EventTypes("fhir_connection")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class FhirConnectionSet:
    """Where the server is, whose it is, and how requests are let in: none, bearer, backend_service or aws."""

    base_url: str
    vendor: str
    description: str
    auth: str
    client_id: str
    scopes: str
    token_url: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class FhirTokenSet:
    """Another bearer token is sent."""

    sealed: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class FhirKeySet:
    """Another key signs assertions. The one before stays published for some seconds. `jwk` is the public half."""

    kid: str
    algorithm: str
    jwk: JSONObject
    sealed: str
    overlap_seconds: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class FhirConnectionRemoved:
    """It is gone, and so is what let requests in. Its events stay."""
