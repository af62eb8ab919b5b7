"""Read models: how far each stands behind, and rebuilding them."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from penstock.api.application import Api
from penstock.api.resources.projections import Abandonment, ProjectionName, ProjectionView
from penstock.api.wiring import authenticate, once
from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events.lag import lag
from penstock.events.projection import Described
from penstock.identity.model import Scope
from penstock.rebuilds.errors import RebuildRunning

api = Api("Projections", authenticate=authenticate, once=once)


@api.get("/v1/projections", summary="List the read models")
def browse() -> list[ProjectionView]:
    """How far each one stands behind the events, which generation is live, and how far a rebuild has come."""
    return _shown(api.require(Scope.READ).tenant, wiring.rebuilds().projections.values())


@api.get("/v1/projections/<projection>", summary="Read how a read model stands")
def read(projection: ProjectionName) -> ProjectionView:
    """How far it stands behind the events, which generation is live, and how far a rebuild has come."""
    return _one(api.require(Scope.READ).tenant, projection)


@api.post("/v1/projections/<projection>/rebuild", summary="Rebuild a read model", status_code=202)
def rebuild(projection: ProjectionName) -> ProjectionView:
    """Fold all that ever happened anew, beside what is live, which is shown until the new one is complete."""
    who = api.require(Scope.ADMIN)
    wiring.rebuilds().start(who.tenant, projection, api.origin())
    return _one(who.tenant, projection)


@api.post("/v1/projections/rebuild", summary="Rebuild every read model", status_code=202)
def rebuild_all() -> list[ProjectionView]:
    """All that are not being rebuilt already."""
    who, rebuilds = api.require(Scope.ADMIN), wiring.rebuilds()
    for projection in rebuilds.projections:
        with suppress(RebuildRunning):
            rebuilds.start(who.tenant, projection, api.origin())
    return _shown(who.tenant, rebuilds.projections.values())


@api.post("/v1/projections/<projection>/rebuild/resume", summary="Send a rebuild on", status_code=202)
def resume(projection: ProjectionName) -> ProjectionView:
    """Hand out again what is not done, after its cause to fail is mended."""
    who = api.require(Scope.ADMIN)
    wiring.rebuilds().resume(who.tenant, projection, api.origin())
    return _one(who.tenant, projection)


@api.post("/v1/projections/<projection>/rebuild/abandon", summary="Give a rebuild up")
def abandon(projection: ProjectionName, order: Annotated[Abandonment, Body()]) -> ProjectionView:
    """What is live stays; what was made is taken away."""
    who = api.require(Scope.ADMIN)
    wiring.rebuilds().abandon(who.tenant, projection, order.reason, api.origin())
    return _one(who.tenant, projection)


def _one(tenant: str, projection: str) -> ProjectionView:
    (found,) = _shown(tenant, [wiring.rebuilds().known(projection)])
    return found


def _shown(tenant: str, known: Iterable[Described]) -> list[ProjectionView]:
    rebuilds = wiring.rebuilds()
    behind = lag(wiring.feed(), wiring.views(), known, tenant, utc_now(), rebuilds.places(tenant))
    return [ProjectionView.of(each, rebuilds, tenant) for each in behind]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An API Gateway request in, its answer out."""
    return api.resolve(event, context)
