"""The public keys that outside FHIR servers check our assertions by. Anybody may read them."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON as JSON

from penstock.api.application import Api
from penstock.api.wiring import authenticate
from penstock.aws import wiring
from penstock.json import JSONObject
from penstock_healthcare.api.fhir_connections import ConnectionName, JwksTenant, JwksToken, told
from penstock_healthcare.fhir.connections.errors import UnknownConnection
from penstock_healthcare.fhir.connections.service import Connections

api = Api("Keys of FHIR connections", authenticate=authenticate, is_public=True)


@api.get("/v1/healthcare/fhir-jwks/<tenant>/<connection>/<token>", summary="Read a FHIR connection's public keys")
def jwks(tenant: JwksTenant, connection: ConnectionName, token: JwksToken) -> Response[JSONObject]:
    """A JSON Web Key Set (RFC 7517): the key that signs, and for a day those before it."""
    try:
        found = Connections(wiring.events(), wiring.keyring()).jwks(tenant, connection, token)
    except UnknownConnection as unknown:
        raise told(unknown) from None
    return Response(200, JSON, found, headers={"Cache-Control": "public, max-age=300"})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
