"""Reading one's own writes over the API: a write answers how far it came, a read waits until its views are there.

A write's answer carries `Penstock-Position`; sent back as `Penstock-After` with a GET, it makes that wait, 5 s at most,
until every read model of those streams holds them. A view that is read by its id is then up to date; a listing is too,
but for the moment that DynamoDB takes to bring a row into its index. Search and metrics follow the feed, and are not
waited for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from penstock.api.problems import InvalidRequest
from penstock.aws import wiring
from penstock.aws.settings import MissingSetting
from penstock.events.consistency import LONGEST_TEXT, Patience, await_version, parsed, rendered
from penstock.events.discovery import projections_of
from penstock.events.errors import InvalidStreamId

if TYPE_CHECKING:
    from penstock.api.application import Api

POSITION, AFTER = "Penstock-Position", "Penstock-After"
LONGEST_AFTER = LONGEST_TEXT
LONGEST_WAIT = 5.0
"""Seconds, for all positions of a request together."""


def read_your_writes(api: "Api", proceed: Callable[[APIGatewayRestResolver], Response[Any]]) -> Response[Any]:
    """A middleware. Raises InvalidRequest for a header that is none of ours, NotCaughtUp when the wait was in vain."""
    if api.current_event.http_method == "GET":
        if after := api.headers().get(AFTER.lower()):
            _wait(api.principal().tenant, after)
        return proceed(api)
    wiring.written().take()  # what an earlier request has left
    answered = proceed(api)
    tenant = api.principal().tenant
    mine = {stream: version for stream, version in wiring.written().take().items() if stream.tenant == tenant}
    if mine:
        answered.headers[POSITION] = rendered(mine)
    return answered


def _wait(tenant: str, after: str) -> None:
    try:
        positions, views = parsed(tenant, after), wiring.views()
    except (ValueError, InvalidStreamId) as error:
        raise InvalidRequest(AFTER, str(error)) from error
    except MissingSetting:
        return  # an endpoint that may read no views answers from none
    patience = Patience(LONGEST_WAIT)
    begun = patience.now()
    for stream, version in positions.items():
        left = Patience(LONGEST_WAIT - (patience.now() - begun))
        await_version(views, projections_of(stream.kind), stream, version, left)
