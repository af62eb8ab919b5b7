"""The `Idempotency-Key` header: a write that is sent again is answered as the first time, for a day.

Kept by Powertools' idempotency in the views table. The same key with another body is refused; while the first is
under way, so is the second. What failed is not kept: it may be sent again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from penstock.json import JSONObject, dumps

KEPT_SECONDS = 86_400
LONGEST_KEY = 255
LARGEST_KEPT = 90_000
"""Characters of a body that is kept in the item, which ends at 400 KB: at most four bytes each."""

Proceed = Callable[[], Response[Any]]


@dataclass(frozen=True, slots=True)
class Request:
    """A request with a key. `name` is its method and path; `body` all else that must be the same to be the same.

    `context` is Lambda's: a request whose function was cut off may be sent again as soon as its time is up.
    """

    tenant: str
    key: str
    name: str
    body: bytes
    context: Any


class Once(Protocol):
    """Answers a request once."""

    def __call__(self, request: Request, proceed: Proceed) -> Response[Any]:
        """The answer: the first one again, or what `proceed` answers."""
        ...


class Blobs(Protocol):
    """Keeps bodies that are too large for an item."""

    def put(self, prefix: str, blob: bytes) -> str:
        """Keep the blob; returns the key to get it by."""
        ...

    def get(self, key: str) -> bytes:
        """The blob."""
        ...


def once_in(table: Callable[[], str], client: Callable[[], Any], blobs: Callable[[], Blobs]) -> Once:
    """Once, kept in the table, large bodies in `blobs`. They are asked for at the first request, not at import."""

    def once(request: Request, proceed: Proceed) -> Response[Any]:
        call = idempotent_function(
            _answer(blobs),
            data_keyword_argument="call",
            persistence_store=_layer(request.tenant, table(), client()),
            config=_config(request.context),
        )
        digest = hashlib.sha256(request.body).hexdigest()
        kept = call(call={"key": f"{request.name} {request.key}", "body": digest}, proceed=proceed)
        return _response(kept, blobs)

    return once


def _answer(blobs: Callable[[], Blobs]) -> Callable[..., JSONObject]:
    def keep(call: JSONObject, proceed: Proceed) -> JSONObject:  # noqa: ARG001 - Powertools reads `call`
        response = proceed()
        text = response.body if isinstance(response.body, str | None) else dumps(response.body).decode()
        kept = {"status_code": response.status_code, "headers": dict(response.headers)}
        if len(text or "") <= LARGEST_KEPT:
            return {**kept, "body": text}
        return {**kept, "blob": blobs().put("answers/answer", str(text).encode())}

    return keep


def _response(kept: JSONObject, blobs: Callable[[], Blobs]) -> Response[Any]:
    if "blob" not in kept:
        return Response(**kept)
    return Response(kept["status_code"], body=blobs().get(kept["blob"]).decode(), headers=kept["headers"])


def _config(context: Any) -> IdempotencyConfig:
    config = IdempotencyConfig(
        event_key_jmespath="key", payload_validation_jmespath="body", expires_after_seconds=KEPT_SECONDS
    )
    config.register_lambda_context(context)
    return config


def _layer(tenant: str, table: str, client: Any) -> BasePersistenceLayer:
    return DynamoDBPersistenceLayer(
        table_name=table,
        key_attr="pk",
        sort_key_attr="sk",
        static_pk_value=f"{tenant}#idempotency",
        expiry_attr="expires",
        boto3_client=client,
    )
