"""Data subjects as the API shows them."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.privacy.finders import LONGEST_IDENTIFIER
from penstock.privacy.service import Extent

MOST_SHOWN = 1_000
SubjectId = Annotated[str, Path(min_length=1, max_length=200, description="The subject's pseudonym")]


class SubjectQuery(BaseModel):
    """Who is meant."""

    model_config = ConfigDict(extra="forbid")

    identifier: str = Field(
        min_length=1,
        max_length=LONGEST_IDENTIFIER,
        description="As it stands in what came in, a medical record number for example: `100234`, or with who issued "
        "it, `LAKESIDE|100234`; or a reference, `Patient/123`",
    )


class Forget(SubjectQuery):
    """Who is to be forgotten, and why."""

    reason: str = Field(
        min_length=1, max_length=1_000, description="It stays on record, so it must not tell who is meant"
    )


class SubjectView(BaseModel):
    """A person, by pseudonym."""

    id: str
    is_linked: bool = Field(description="Whether anything is linked that can be read")
    streams_total: int = Field(description="How many streams hold it, or held it")
    streams: list[str] = Field(
        description="The first thousand of them, as `tenant#kind#key`. Forgetting makes unreadable what their linked "
        "transactions put there, others' data too"
    )
    forgotten_at: str | None = Field(description="When it was last forgotten")
    reason: str | None

    @classmethod
    def of(cls, extent: Extent) -> "SubjectView":
        """The subject as it stands."""
        subject = extent.subject
        return cls(
            id=subject.id.key,
            is_linked=bool(subject.families),
            streams_total=len(extent.streams),
            streams=[str(stream) for stream in extent.streams[:MOST_SHOWN]],
            forgotten_at=subject.forgotten_at,
            reason=subject.reason,
        )


class SubjectSummary(BaseModel):
    """A person as they are listed."""

    id: str
    links: int = Field(description="Transactions that were linked since they were last forgotten")
    forgotten_at: str | None
    forgotten_streams: int
    updated_at: str
