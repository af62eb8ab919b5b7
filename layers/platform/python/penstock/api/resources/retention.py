"""Retention as the API shows it."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from penstock.retention.errors import InvalidRule
from penstock.retention.model import LONGEST, Hold, days_of
from penstock.retention.policy import Policy

_KIND = r"^(\*|[^\s#*]+)$"
RuleKind = Annotated[
    str, Path(min_length=1, max_length=200, pattern=_KIND, description="The kind of stream; `*`: all without a rule")
]
HoldId = Annotated[str, Path(min_length=1, max_length=200, description="The hold's id")]
Reason = Annotated[
    str | None, Query(max_length=1_000, description="Why: it must be given, and stays on record. No personal data")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1_000, description="Why: it stays on record. No personal data")


class Term(_Body):
    """How long, in days or in years; and why."""

    days: int | None = Field(default=None, ge=1, le=LONGEST)
    years: int | None = Field(default=None, ge=1, le=100, description="With as many leap days as they can have")

    def total(self) -> int:
        """The days. Raises InvalidRule unless it is in days or in years."""
        if (self.days is None) == (self.years is None):
            raise InvalidRule("days", "must be given, or years, and not both")
        return self.days or days_of(self.years or 0)


class NewHold(_Body):
    """What is held: one stream, a kind of stream, or everything; and why."""

    kind: str = Field(max_length=200, pattern=_KIND, description="The kind of stream; `*` for everything")
    key: str = Field(default="", max_length=200, description="Only the stream of this key")


class RuleView(BaseModel):
    """How long a kind of stream is kept."""

    kind: str = Field(description="`*` is every kind without a rule of its own")
    days: int


class RetentionView(BaseModel):
    """The retention table."""

    floor_days: int = Field(description="What this stage keeps everything for, whatever the rules say; 0 for nothing")
    rules: list[RuleView] = Field(description="What has no rule is kept for the floor, and never deleted")
    holds: int = Field(description="How many holds are in force")

    @classmethod
    def of(cls, policy: Policy, floor: int) -> "RetentionView":
        """The policy as it is shown."""
        rules = [RuleView(kind=kind, days=days) for kind, days in sorted(policy.rules.items())]
        return cls(floor_days=floor, rules=rules, holds=len(policy.holds))


class HoldView(BaseModel):
    """A hold in force."""

    id: str
    kind: str
    key: str | None = Field(description="The one stream that is held; null for all of the kind")
    reason: str
    placed_by: str
    placed_at: str

    @classmethod
    def of(cls, hold: Hold) -> "HoldView":
        """The hold as it is shown."""
        return cls(
            id=hold.id,
            kind=hold.kind,
            key=hold.key or None,
            reason=hold.reason,
            placed_by=hold.actor,
            placed_at=hold.placed_at,
        )


class Holds(BaseModel):
    """The holds in force, oldest first."""

    items: list[HoldView]

    @classmethod
    def of(cls, policy: Policy) -> "Holds":
        """The policy's holds."""
        return cls(items=[HoldView.of(hold) for hold in policy.holds.values()])
