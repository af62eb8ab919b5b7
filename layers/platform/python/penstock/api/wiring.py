"""What every endpoint is given: made at the first request, so that importing an endpoint needs no account."""

from collections.abc import Mapping

from penstock.api.idempotency import once_in
from penstock.aws import clients, wiring
from penstock.identity.model import Principal


def authenticate(headers: Mapping[str, str]) -> Principal:
    """See `identity.access.Access`."""
    return wiring.access().authenticate(headers)


once = once_in(lambda: wiring.settings().views_table, clients.dynamodb, wiring.payloads)
