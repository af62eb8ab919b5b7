"""Every projection there is: a `Projection` in a module of a `projections` folder, the platform's or a wing's."""

from functools import cache

from penstock.discovery import declared
from penstock.events.projection import Projection


@cache
def projections() -> tuple[Projection, ...]:
    """Every projection, by name. Raises ValueError when two share a name."""
    return tuple(declared("projections", Projection).values())


def projections_of(kind: str) -> tuple[Projection, ...]:
    """The projections of the streams of a kind."""
    return tuple(projection for projection in projections() if projection.kind == kind)
