"""Outside FHIR servers: set up connections, rotate their keys, try them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.resources.paging import Cursor, Limit, Page, page
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.http.exchange import Session
from penstock.http.guard import Guard
from penstock.identity.model import Scope
from penstock_healthcare.api.fhir_connections import (
    ConnectionName,
    FhirConnectionCheck,
    FhirConnectionSettings,
    FhirConnectionSummary,
    FhirConnectionView,
    FhirKey,
    told,
)
from penstock_healthcare.fhir.client.errors import ClientError
from penstock_healthcare.fhir.client.transport import Bounds, Sender
from penstock_healthcare.fhir.connections.connection import Connection
from penstock_healthcare.fhir.connections.datastores import Datastores
from penstock_healthcare.fhir.connections.errors import ConnectionsError
from penstock_healthcare.fhir.connections.service import LISTING, Connections

api = Api("FHIR connections", authenticate=authenticate)
_BOUNDS = Bounds(seconds=10, whole=20, tries=2, longest_wait=2)


@api.get("/v1/healthcare/fhir-connections", summary="List FHIR connections")
def browse(limit: Limit = 50, cursor: Cursor = None) -> Page[FhirConnectionSummary]:
    """The outside servers that workflows may name. A change shows here a moment after it was made."""
    who = api.require(Scope.READ)
    return page(FhirConnectionSummary, wiring.views().list(who.tenant, LISTING, limit=limit, cursor=cursor))


@api.get("/v1/healthcare/fhir-connections/<connection>", summary="Read a FHIR connection")
def read(connection: ConnectionName) -> FhirConnectionView:
    """Where the server is and which keys are published, without any secret."""
    who = api.require(Scope.READ)
    with _told():
        return _view(_connections().get(who.tenant, connection))


@api.put("/v1/healthcare/fhir-connections/<connection>", summary="Set up a FHIR connection")
def set_up(connection: ConnectionName, wanted: Annotated[FhirConnectionSettings, Body()]) -> FhirConnectionView:
    """Make a connection of this name, or change it. A backend_service gets a key pair: register it by `jwks_path`."""
    who, known = api.require(Scope.ADMIN), _connections()
    with _told():
        known.check_number(who.tenant, connection, wiring.views())
        token = wanted.token.get_secret_value()
        made = known.set_up(who.tenant, connection, wanted.settings(), api.origin(), token)
    return _view(made)


@api.delete("/v1/healthcare/fhir-connections/<connection>", summary="Remove a FHIR connection", status_code=204)
def remove(connection: ConnectionName) -> Response[None]:
    """Take it away with its secrets. Workflows that name it fail."""
    who = api.require(Scope.ADMIN)
    with _told():
        _connections().remove(who.tenant, connection, api.origin())
    return Response(204)


@api.post("/v1/healthcare/fhir-connections/<connection>/rotate-key", summary="Rotate a FHIR connection's key")
def rotate_key(connection: ConnectionName, key: Annotated[FhirKey | None, Body()] = None) -> FhirConnectionView:
    """Sign by another key pair at once. The one before stays published for a day."""
    who = api.require(Scope.ADMIN)
    with _told():
        pem = (key or FhirKey()).private_key.get_secret_value()
        rotated = _connections().rotate_key(who.tenant, connection, api.origin(), pem)
    return _view(rotated)


@api.post("/v1/healthcare/fhir-connections/<connection>/test", summary="Try a FHIR connection")
def test(connection: ConnectionName) -> FhirConnectionCheck:
    """Get a token, where one is needed, and read the server's CapabilityStatement with it."""
    who = api.require(Scope.ADMIN)
    with _told(), Session(_guard()) as session:
        client = _connections().open(who.tenant, connection, Sender(session, _BOUNDS))
        try:
            return FhirConnectionCheck.reached(client.capabilities())
        except ClientError as failed:
            return FhirConnectionCheck.failed(failed)


def _view(found: Connection) -> FhirConnectionView:
    token = _connections().jwks_token(found.id.tenant, found.id.key)
    return FhirConnectionView.of(found, utc_now(), token)


def _connections() -> Connections:
    allowed = Datastores.from_environment(os.environ)
    return Connections(wiring.events(), wiring.keyring(), _guard(), signer=wiring.signer(), datastores=allowed)


def _guard() -> Guard:
    return Guard.from_environment(os.environ)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ConnectionsError as error:
        raise told(error) from None


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
