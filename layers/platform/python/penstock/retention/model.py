"""Rules and holds, and what follows from them for an object of the archive. All of it is pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from penstock.events.archive import Segment

ALL_KINDS = "*"
SHORTEST, LONGEST = 1, 100 * 366  # days
MOST_RULES, MOST_HOLDS = 200, 1_000
Rules = Mapping[str, int]
"""Days by the kind of stream; ALL_KINDS for every kind without a rule of its own."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What must stay until it is lifted: everything, a kind, or one stream of a kind (`key`, "" for all of them).

    `stream` is the stream's hash as the archive's names have it, "" for all. `placed_at` is RFC 3339.
    """

    id: str
    kind: str
    key: str
    stream: str
    reason: str
    actor: str
    placed_at: str

    def covers(self, segment: Segment) -> bool:
        """Whether the segment is in its scope."""
        return self.kind in (ALL_KINDS, segment.kind) and self.stream in ("", segment.stream)


@dataclass(frozen=True, slots=True)
class Lock:
    """How an object is locked: until when (UTC; None for not at all), and whether it is held beyond that."""

    until: datetime | None = None
    is_held: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether the object may not be deleted now."""
        return self.is_held or (self.until is not None and self.until > now)


def days_of(years: int) -> int:
    """Years as days: with as many leap days as they can have at most."""
    return years * 365 + (years + 3) // 4


def rule_for(rules: Rules, kind: str) -> int | None:
    """The days of the kind's own rule, or of the rule for all; None where there is neither."""
    return rules.get(kind, rules.get(ALL_KINDS))


def retain_until(rules: Rules, segment: Segment, floor: int = 0) -> date | None:
    """The first day (UTC) on which the segment may go; None where no rule and no floor (days) keeps it.

    Days count from the end of the segment's own day, not from when it was archived.
    """
    days = max(rule_for(rules, segment.kind) or 0, floor)
    return date.fromisoformat(segment.day) + timedelta(days=days + 1) if days else None


def lock_for(rules: Rules, holds: Iterable[Hold], segment: Segment, floor: int = 0) -> Lock:
    """The lock that the segment's object has to have."""
    day = retain_until(rules, segment, floor)
    until = datetime.combine(day, time(), UTC) if day else None
    return Lock(until, any(hold.covers(segment) for hold in holds))


def is_due(rules: Rules, holds: Iterable[Hold], segment: Segment, now: datetime, floor: int = 0) -> bool:
    """Whether the segment is to be deleted: a rule says how long it is kept, that is over, and nothing holds it.

    Where no rule says so, nothing is deleted, however old.
    """
    return rule_for(rules, segment.kind) is not None and not lock_for(rules, holds, segment, floor).holds(now)
