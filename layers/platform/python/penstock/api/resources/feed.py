"""The feed and its subscriptions as the API shows them."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field

from penstock.api.resources.bounds import LARGEST_LIST
from penstock.api.resources.events import EventView
from penstock.clock import from_millis, iso
from penstock.events.feed import Span
from penstock.events.store import EventStore, read
from penstock.identity.model import Principal
from penstock.identity.streams import reading
from penstock.subscriptions.definition import CreateSubscription, Subscription
from penstock.subscriptions.leases import Partition
from penstock.subscriptions.reading import Part, Selection
from penstock.subscriptions.service import Claim

MOST_PARTITIONS = 32
LONGEST_LEASE = 3_600
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
SubscriptionName = Annotated[str, Path(pattern=_NAME, description="The subscription's name")]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=50)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanView(BaseModel):
    """Commits of one stream that follow each other."""

    position: int = Field(description="Its place in the feed, for ever")
    kind: str
    key: str
    first_commit: int
    last_commit: int
    types: list[str] = Field(description="Of the events, each once")
    time: str = Field(description="Of the last event")
    events: list[EventView] | None = Field(
        description="When asked for, and the answer can hold them; else read the stream by its commits"
    )


class FeedPage(BaseModel):
    """Some of the feed, oldest first."""

    items: list[SpanView]
    next: int = Field(description="Give it back as `after`")
    is_head: bool = Field(description="Whether this is all there is by now")

    @classmethod
    def of(cls, part: Part, who: Principal, store: EventStore | None) -> "FeedPage":
        """The part, with its events where a store is given."""
        return cls(items=_spans(part, who, store), next=part.position, is_head=part.is_head)


class NewSubscription(_Body):
    """What is to be read, by whom."""

    name: str = Field(pattern=_NAME)
    description: str = Field(default="", max_length=1_000)
    kinds: Names = Field(default=[], description="Only streams of these kinds")
    types: Names = Field(default=[], description="Only commits that hold events of these types")
    partitions: int = Field(default=1, ge=1, le=MOST_PARTITIONS, description="How many consumers can work at once")
    start: Literal["beginning", "now", "position"] = "now"
    after: int = Field(default=0, ge=0, description="With `start: position`: read what follows it")

    def command(self, now: int) -> CreateSubscription:
        """The same as the domain has it; `now` is the feed's end, or where to begin."""
        selection = Selection(frozenset(self.kinds), frozenset(self.types))
        return CreateSubscription(selection, self.partitions, 0 if self.start == "beginning" else now, self.description)


class SubscriptionSummary(BaseModel):
    """A subscription as it is listed."""

    model_config = ConfigDict(extra="ignore")

    name: str
    description: str
    kinds: list[str]
    types: list[str]
    partitions: int
    created_at: str
    created_by: str


class PartitionView(BaseModel):
    """Where a partition stands."""

    partition: int
    position: int = Field(description="Everything up to it is acknowledged")
    consumer: str = Field(description="Who holds it; empty when nobody does")
    until: str | None = Field(description="The end of the lease")

    @classmethod
    def of(cls, number: int, partition: Partition) -> "PartitionView":
        """A partition by its number."""
        until = iso(from_millis(partition.until)) if partition.until else None
        return cls(partition=number, position=partition.position, consumer=partition.consumer, until=until)


class SubscriptionView(BaseModel):
    """A subscription, and where its partitions stand."""

    name: str
    kinds: list[str]
    types: list[str]
    partitions: list[PartitionView]

    @classmethod
    def of(cls, found: Subscription, partitions: Sequence[Partition]) -> "SubscriptionView":
        """A subscription with its partitions, in order."""
        return cls(
            name=found.id.key,
            kinds=sorted(found.selection.kinds),
            types=sorted(found.selection.types),
            partitions=[PartitionView.of(number, each) for number, each in enumerate(partitions)],
        )


class Claiming(_Body):
    """Who wants something to do."""

    consumer: str = Field(min_length=1, max_length=200, description="Shown to whoever looks")
    lease_seconds: int = Field(default=60, ge=1, le=LONGEST_LEASE)
    limit: int = Field(default=50, ge=1, le=100)
    events: bool = Field(default=True, description="Give the events themselves, where they fit")


class ClaimView(FeedPage):
    """What was claimed."""

    partition: int
    token: str = Field(description="Acknowledges it")
    until: str = Field(description="Then somebody else may claim it")

    @classmethod
    def of_claim(cls, claim: Claim, who: Principal, store: EventStore | None) -> "ClaimView":
        """The claim, with its events where a store is given."""
        return cls(
            items=_spans(claim.part, who, store),
            next=claim.part.position,
            is_head=claim.part.is_head,
            partition=claim.partition,
            token=claim.token,
            until=iso(from_millis(claim.until)),
        )


class Acknowledgement(_Body):
    """How far a consumer is."""

    partition: int = Field(ge=0, lt=MOST_PARTITIONS)
    token: str = Field(min_length=1, max_length=100)
    position: int = Field(ge=0, description="Of the last span that is done, or `next`")
    lease_seconds: int = Field(default=0, ge=0, le=LONGEST_LEASE, description="Hold it so much longer; 0 gives it back")


def visible(span: Span, who: Principal) -> bool:
    """Whether the principal may read streams of its kind."""
    return who.may(reading(span.stream.kind))


def _spans(part: Part, who: Principal, store: EventStore | None) -> list[SpanView]:
    room, views = LARGEST_LIST if store else 0, []
    for position, span in part.spans:
        events = _events(span, who, store) if store and room > 0 else None
        room -= sum(len(each.model_dump_json()) for each in events or ())
        views.append(_span(position, span, events if room > 0 else None))
    return views


def _events(span: Span, who: Principal, store: EventStore) -> list[EventView]:
    commits = read(store, span.stream, after_commit=span.first - 1)
    wanted = takewhile(lambda commit: commit.number <= span.last, commits)
    return [EventView.of(event, who) for commit in wanted for event in commit.events]


def _span(position: int, span: Span, events: list[EventView] | None) -> SpanView:
    return SpanView(
        position=position,
        kind=span.stream.kind,
        key=span.stream.key,
        first_commit=span.first,
        last_commit=span.last,
        types=list(span.types),
        time=iso(from_millis(span.millis)),
        events=events,
    )
