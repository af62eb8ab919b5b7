"""What every endpoint is given: made at the first request, so that importing an endpoint needs no account."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from penstock.api.idempotency import once_in
from penstock.aws import clients, wiring
from penstock.events import StreamId
from penstock.events.store import read
from penstock.identity.model import Principal
from penstock.json import JSONObject

if TYPE_CHECKING:
    from penstock.events.aggregate import Aggregate
    from penstock.workflows.execution.state import Execution
    from penstock.workflows.execution.timeline import Entry


def authenticate(headers: Mapping[str, str]) -> Principal:
    """See `identity.access.Access`."""
    return wiring.access().authenticate(headers)


once = once_in(lambda: wiring.settings().views_table, clients.dynamodb, wiring.payloads)


def execution(stream: StreamId, version: int | None = None) -> "tuple[Execution, JSONObject]":
    """See `execution.timeline.read`: as it is, or as it was after `version` events. Raises UnknownExecution."""
    from penstock.workflows.execution import timeline

    return timeline.read(_aggregate(stream.tenant), stream, read(wiring.events(), stream, to_version=version))


def timeline(stream: StreamId) -> "Iterator[Entry]":
    """See `execution.timeline.timeline`. Raises UnknownExecution."""
    from penstock.workflows.execution import timeline

    return timeline.timeline(_aggregate(stream.tenant), stream, wiring.events().commits(stream))


def _aggregate(tenant: str) -> "Aggregate[Execution]":
    from penstock.workflows.execution.snapshot import aggregate

    return aggregate(partial(wiring.workflows().graph, tenant))
