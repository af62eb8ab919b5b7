"""Whether a tenant's AuditEvents are as they were written: each trail followed from its first to its last."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from penstock.events import StreamId
from penstock.events.chain import check, digest
from penstock.events.codec import PackedCommit
from penstock.events.feed import Entry
from penstock_healthcare.access.trail import FIRST, Place, placed
from penstock_healthcare.fhir.resources import AUDIT_EVENT, EVENTS

Commits = Callable[[StreamId], Iterable[PackedCommit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first AuditEvent of a trail that is not as it was written; `commit` 0 where it is gone."""

    stream: StreamId
    commit: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """`held` AuditEvents in `trails` are as they were written; `single` stand in none: workflows and clients kept them.

    Of a single one, only changes after its first commit can be told.
    """

    trails: int
    held: int
    single: int
    findings: tuple[Finding, ...]


def is_audit_event(stream: StreamId) -> bool:
    """Whether the stream holds an AuditEvent."""
    return stream.kind == EVENTS.kind and stream.key.startswith(f"{AUDIT_EVENT}-")


def heard_of(entries: Iterable[Entry]) -> Iterator[StreamId]:
    """The AuditEvents that a feed has: one that is in no store any more was taken out."""
    return (span.stream for entry in entries for span in entry.spans if is_audit_event(span.stream))


def verify(streams: Iterable[StreamId], commits: Commits) -> Report:
    """Check one tenant's: those that are stored, and those that its feed has."""
    found = {stream: placed(stream) for stream in sorted(set(streams)) if is_audit_event(stream)}
    trails: dict[str, dict[int, StreamId]] = {}
    for stream, place in found.items():
        if place:
            trails.setdefault(place.trail, {})[place.number] = stream
    followed = [_followed(trail, numbered, commits) for trail, numbered in sorted(trails.items())]
    single = [stream for stream, place in found.items() if place is None]
    alone = (_checked(stream, commits) for stream in single)
    findings = [finding for _, finding in followed if finding] + [finding for finding in alone if finding]
    return Report(len(trails), sum(held for held, _ in followed), len(single), tuple(findings))


def _followed(trail: str, numbered: Mapping[int, StreamId], commits: Commits) -> tuple[int, Finding | None]:
    """How many hold from the first on, and what breaks the trail after them."""
    before, tenant = FIRST, next(iter(numbered.values())).tenant
    for number in range(1, max(numbered) + 1):
        stream = Place(trail, number).stream(tenant)
        held = tuple(commits(stream))
        if reason := _reason(held, before):
            return number - 1, Finding(stream, len(held), reason)
        before = digest(held[0]).hex()
    return len(numbered), None


def _reason(held: Sequence[PackedCommit], before: str) -> str:
    if not held:
        return "it is gone"
    if len(held) > 1:
        return "it was added to"
    if held[0].commit_id.partition(" ")[0] != before:
        return "it does not follow from the AuditEvent before it: either of them was changed"
    broken = check(held).broken
    return broken.reason if broken else ""


def _checked(stream: StreamId, commits: Commits) -> Finding | None:
    held = tuple(commits(stream))
    broken = check(held).broken
    if not held:
        return Finding(stream, 0, "it is gone")
    return Finding(stream, broken.commit, broken.reason) if broken else None
