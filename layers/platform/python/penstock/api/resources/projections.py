"""Read models as the API shows them."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.clock import from_millis, iso
from penstock.events.lag import ProjectionLag
from penstock.rebuilds.service import Rebuilds
from penstock.rebuilds.standing import Rebuild

ProjectionName = Annotated[str, Path(min_length=1, max_length=100, description="The projection's name")]


class RebuildView(BaseModel):
    """A rebuild that is under way."""

    generation: int
    started_at: str
    started_by: str
    entries: int = Field(description="Of the feed, to be folded")
    done: int = Field(description="How many of them are folded")
    slices: int = Field(description="Worked at side by side")
    slices_done: int
    not_folded: list[str] = Field(description="Keys of streams that cannot be: the rebuild will be given up")


class ProjectionView(BaseModel):
    """A read model of the tenant."""

    name: str
    kind: str = Field(description="Of the streams that it is folded from")
    revision: int = Field(description="Of its code")
    generation: int = Field(description="Which of its rebuilds is shown; 1 is none")
    behind: int = Field(description="How many of the streams that moved last it stands behind")
    lag_ms: int = Field(description="For how long the oldest commit that it lacks has been there")
    rebuild: RebuildView | None
    abandoned: str = Field(description="Why the last rebuild was given up; empty when it was not")

    @classmethod
    def of(cls, found: ProjectionLag, rebuilds: Rebuilds, tenant: str) -> "ProjectionView":
        """A projection with its lag, and what its rebuilds stand at."""
        standing = rebuilds.standing(tenant, found.name)
        rebuild = standing.rebuild
        return cls(
            name=found.name,
            kind=found.kind,
            revision=found.revision,
            generation=standing.live,
            behind=found.behind,
            lag_ms=found.lag_ms,
            rebuild=_rebuild(rebuild, rebuilds.progress(standing)) if rebuild else None,
            abandoned=standing.outcome,
        )


class Abandonment(BaseModel):
    """Why a rebuild is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1_000, description="It stays on record")


def _rebuild(rebuild: Rebuild, done: int) -> RebuildView:
    return RebuildView(
        generation=rebuild.generation,
        started_at=iso(from_millis(rebuild.started)),
        started_by=rebuild.actor,
        entries=rebuild.head,
        done=done,
        slices=rebuild.slices,
        slices_done=len(rebuild.done),
        not_folded=list(rebuild.failed),
    )
