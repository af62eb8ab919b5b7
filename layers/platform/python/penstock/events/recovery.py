"""What an archive is for: bringing an event store back, and finding out where the store is not what was archived."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from penstock.events.archive import Archive, CopyableStore, DamagedSegment, Segment, read, stream_hash
from penstock.events.chain import check, digest
from penstock.events.codec import PackedCommit
from penstock.events.model import StreamId


@dataclass(frozen=True, slots=True)
class Finding:
    """Where archive and store part: `where` is a stream's id or an object's key, `commit` 0 when it is about all."""

    where: str
    commit: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """How much of the archive is in the store too, commit by commit, and `behind`: live commits not archived yet.

    `expired` counts the live streams whose objects were all deleted when their time was over.
    """

    streams: int = 0
    commits: int = 0
    events: int = 0
    behind: int = 0
    findings: tuple[Finding, ...] = ()
    expired: int = 0

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.streams + other.streams,
            self.commits + other.commits,
            self.events + other.events,
            self.behind + other.behind,
            self.findings + other.findings,
            self.expired + other.expired,
        )


def verify(archive: Archive, live: CopyableStore, expired: Container[str] = ()) -> Report:
    """Compare every archived commit with the live one. A stream that was cut off at its end is found here.

    `expired` has the hashes of the streams whose archive may begin later than they do, or be gone.
    """
    groups, report = _groups(archive)
    for name, segments in groups.items():
        report += _compared(archive, segments, live, segments[0].first - 1 if name in expired else 0)
    for stream in live.streams():
        if (name := stream_hash(stream)) not in groups:
            gone = name in expired
            report += Report(expired=1) if gone else Report(behind=sum(1 for _ in live.since(stream, 0)))
    return report


def restore(archive: Archive, target: CopyableStore) -> Report:
    """Bring back every stream, and read it back. A stream is checked before its first commit is written.

    One that is damaged in the archive, or that the target has something of, is a finding and left alone.
    """
    groups, report = _groups(archive)
    for segments in groups.values():
        report += _restored(archive, segments, target)
    return report


def _groups(archive: Archive) -> tuple[Mapping[str, Sequence[Segment]], Report]:
    """The segments of each stream, in order, by the stream's hash; and what is no segment."""
    groups: dict[str, list[Segment]] = defaultdict(list)
    report = Report()
    for key in archive.names():
        try:
            segment = Segment.parse(key)
        except DamagedSegment as damage:
            report += Report(findings=(_finding(damage),))
        else:
            groups[segment.stream].append(segment)
    return {name: sorted(found, key=lambda each: each.first) for name, found in sorted(groups.items())}, report


def _restored(archive: Archive, segments: Sequence[Segment], target: CopyableStore) -> Report:
    try:
        stream = _whole(archive, segments)
    except DamagedSegment as damage:
        return Report(findings=(_finding(damage),))
    if next(target.since(stream, 0), None) is not None:
        return Report(findings=(Finding(str(stream), 0, "the store already has commits of it; nothing was written"),))
    for packed in read(archive, segments):
        target.adopt(packed)
    if broken := check(target.since(stream, 0)).broken:
        return Report(findings=(Finding(str(stream), broken.commit, broken.reason),))
    return _compared(archive, segments, target)


def _whole(archive: Archive, segments: Sequence[Segment]) -> StreamId:
    """The stream, after all of its commits were read once."""
    *_, last = read(archive, segments)
    return last.stream


def _compared(archive: Archive, segments: Sequence[Segment], live: CopyableStore, after: int = 0) -> Report:
    report = Report(streams=1)
    try:
        for held in _pairs(archive, segments, live, after):
            report += held
    except DamagedSegment as damage:
        return replace(report, findings=(_finding(damage),))
    return report


def _pairs(archive: Archive, segments: Sequence[Segment], live: CopyableStore, after: int) -> Iterator[Report]:
    """One part of the report for each commit that holds, until the first that does not; then what is behind."""
    twins: Iterator[PackedCommit] = iter(())
    for packed in read(archive, segments, after):
        twins = live.since(packed.stream, after) if packed.number == after + 1 else twins
        if reason := _difference(packed, next(twins, None)):
            yield Report(findings=(Finding(str(packed.stream), packed.number, reason),))
            return
        yield Report(commits=1, events=packed.last_version - packed.first_version + 1)
    yield Report(behind=sum(1 for _ in twins))


def _difference(packed: PackedCommit, twin: PackedCommit | None) -> str:
    if twin is None:
        return f"the store ends at commit {packed.number - 1}, before the archive does"
    return "" if digest(twin) == digest(packed) else "is not the commit that was archived"


def _finding(damage: DamagedSegment) -> Finding:
    return Finding(damage.key, 0, damage.reason)
