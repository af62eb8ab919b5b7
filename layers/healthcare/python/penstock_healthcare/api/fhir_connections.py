"""FHIR connections as the API takes and shows them. Secrets go in, and never come out."""

from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from penstock.api.problems import InvalidRequest, NotFound
from penstock.clock import iso
from penstock_healthcare.fhir.client.errors import ClientError
from penstock_healthcare.fhir.connections.connection import Auth, Connection, Settings
from penstock_healthcare.fhir.connections.errors import (
    ConnectionsError,
    DatastoreNotAllowed,
    InvalidConnection,
    TooManyConnections,
    UnknownConnection,
)

ConnectionName = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="The connection's name, as workflows name it: `ehr`")
]
JwksTenant = Annotated[str, Path(min_length=1, max_length=200, description="Whose connection it is")]
JwksToken = Annotated[str, Path(min_length=1, max_length=100, description="The last part of `jwks_path`")]
JWKS = "/v1/healthcare/fhir-jwks"
LONGEST_URL = 2_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FhirConnectionSettings(_Body):
    """Where the server is, whose it is, and how requests are let in."""

    base_url: str = Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="The FHIR base: https, at a public or allowed address",
    )
    vendor: str = Field(
        default="generic", max_length=60, description="generic, epic, healthlake, oracle_health or veradigm"
    )
    description: str = Field(default="", max_length=1_000, description="What it is for")
    auth: Auth = Field(
        default=Auth.NONE,
        description="none; bearer: a token that you look after; backend_service: SMART Backend Services, with a key "
        "pair that is made here and never leaves; aws: signed by the function's role, for an AWS HealthLake data store "
        "that the operator lets you use",
    )
    client_id: str = Field(default="", max_length=200, description="As the server registered us; for backend_service")
    scopes: str = Field(
        default="",
        max_length=2_000,
        description="Separated by spaces; left out, to read everything as the vendor has it",
    )
    token_url: str = Field(
        default="", max_length=LONGEST_URL, description="The token endpoint; left out, the server is asked for it"
    )
    token: SecretStr = Field(
        default=SecretStr(""), max_length=20_000, description="For bearer. Never shown; left out, the one before stays"
    )

    def settings(self) -> Settings:
        """The same as the domain has it, without the token."""
        return Settings(**self.model_dump(exclude={"token"}))


class FhirKey(_Body):
    """A key to sign by."""

    private_key: SecretStr = Field(
        default=SecretStr(""),
        max_length=20_000,
        description="PEM, not encrypted: RSA of 2048 bits or more, or EC P-384; left out, a pair is made. Never shown",
    )


class _Shown(BaseModel):
    name: str
    base_url: str
    vendor: str
    description: str
    auth: Auth
    client_id: str


class FhirConnectionSummary(_Shown):
    """A connection as it is listed."""

    model_config = ConfigDict(extra="ignore")

    kid: str | None = Field(description="The key that signs")
    created_at: str
    updated_at: str


class PublishedKeyView(BaseModel):
    """A key that servers may meet."""

    kid: str
    algorithm: str
    until: str | None = Field(description="Until when it is published; null for the one that signs")


class FhirConnectionView(_Shown):
    """A connection."""

    scopes: str
    token_url: str
    keys: list[PublishedKeyView] = Field(description="Newest first")
    jwks_path: str | None = Field(description="Where the public keys are published, for the server to be told")

    @classmethod
    def of(cls, connection: Connection, now: datetime, token: str) -> "FhirConnectionView":
        """The state as it is shown; `token` is that of the keys' URL."""
        keys = connection.published(now) if connection.settings.auth is Auth.BACKEND_SERVICE else []
        shown = [
            PublishedKeyView(kid=key.id, algorithm=key.algorithm, until=iso(key.until) if key.until else None)
            for key in keys
        ]
        own = {name: getattr(connection.settings, name) for name in Settings.__slots__}
        path = f"{JWKS}/{connection.id.tenant}/{connection.id.key}/{token}" if keys else None
        return cls(name=connection.id.key, keys=shown, jwks_path=path, **own)


class FhirConnectionCheck(BaseModel):
    """What came of asking the server."""

    is_reached: bool
    error: str | None = Field(description="TokenRefused, NotAuthorized, Unreachable …")
    message: str | None
    fhir_version: str | None = Field(description="As its CapabilityStatement has it")

    @classmethod
    def reached(cls, statement: dict[str, Any]) -> "FhirConnectionCheck":
        """It answered."""
        return cls(is_reached=True, error=None, message=None, fhir_version=str(statement.get("fhirVersion", ""))[:20])

    @classmethod
    def failed(cls, error: ClientError) -> "FhirConnectionCheck":
        """It did not, or not as it should."""
        return cls(is_reached=False, error=type(error).__name__, message=str(error), fhir_version=None)


def told(error: ConnectionsError) -> Exception:
    """The error as the API has it."""
    match error:
        case UnknownConnection():
            return NotFound("FHIR connection")
        case InvalidConnection():
            return InvalidRequest(f"body.{error.path}", error.reason)
        case TooManyConnections() | DatastoreNotAllowed():
            return InvalidRequest("connection", str(error))
        case _:
            return error
