"""The archive holds every commit once, gives it back as it was, and finds out what was changed on either side."""

import random
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from penstock.events import Conflict, Draft, Origin, StreamId
from penstock.events.archive import (
    BrokenChain,
    DamagedSegment,
    Segment,
    keep,
    opened,
    sealed,
)
from penstock.events.archive_folder import FolderArchive
from penstock.events.chain import check
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.codec import PackedCommit
from penstock.events.memory import MemoryEventStore
from penstock.events.recovery import Report, restore, verify
from penstock.events.store import head
from penstock.json import dumps, loads

T0 = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
STREAM = StreamId("t", "hl7_message", "DOE^JOHN")


class Store(MemoryEventStore):
    """A CopyableStore in memory, which a test may also damage."""

    def since(self, stream: StreamId, after: int) -> Iterator[PackedCommit]:
        return iter(self._stored(stream, after))

    def adopt(self, packed: PackedCommit) -> None:
        stored = self._streams.setdefault(packed.stream, [])
        if packed.number <= len(stored):
            raise Conflict(str(packed.stream), packed.number - 1)
        stored.append(packed)

    def cut(self, stream: StreamId, commits: int) -> None:
        del self._streams[stream][commits:]

    def change(self, stream: StreamId, number: int, **fields: object) -> None:
        stored = self._streams[stream]
        stored[number - 1] = stored[number - 1]._replace(**fields)  # type: ignore[arg-type]


def append(store: Store, stream: StreamId = STREAM, count: int = 2, time: datetime = T0) -> None:
    end = head(store.commits(stream))
    drafts = [Draft("Noted", {"n": n, "patient": "Doe"}, time, 3) for n in range(count)]
    store.append(stream, drafts, expected=end, commit_id=f"c{end.commit}", origin=Origin("ward", "adt-1", "t#x#y@3"))


@pytest.fixture
def store() -> Store:
    made = Store()
    for _ in range(3):
        append(made)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path)


def lines(archive: FolderArchive, key: str) -> list[dict[str, object]]:
    return [loads(line) for line in zstandard.decompress(archive.get(key)).splitlines()]


def test_a_catch_up_is_one_object_that_names_nobody(store: Store, archive: FolderArchive) -> None:
    assert keep(store, MemoryCheckpointStore(), archive, STREAM) == 3
    (key,) = archive.names()
    assert key.startswith("tenant=t/day=2026-11-24/kind=hl7_message/")
    assert key.endswith("-0000000001.jsonl.zst")
    assert "DOE" not in key
    assert Segment.parse(key).key == key


def test_a_line_is_an_event_and_the_first_of_a_commit_carries_the_commit(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    first, second, *_ = lines(archive, next(archive.names()))
    carried = first.pop("commit")
    assert "commit" not in second
    assert first == {
        "id": "t#hl7_message#DOE^JOHN@1",
        "tenant": "t",
        "kind": "hl7_message",
        "key": "DOE^JOHN",
        "version": 1,
        "type": "Noted",
        "schema": 3,
        "time": "2026-11-24T09:30:00.000Z",
        "actor": "ward",
        "correlation": "adt-1",
        "causation": "t#x#y@3",
        "data": {"n": 0, "patient": "Doe"},
    }
    packed = next(store.since(STREAM, 0))
    assert isinstance(carried, dict)
    assert (carried["number"], carried["id"], carried["blob"]) == (1, "c0", b64encode(packed.blob).decode())


def test_the_next_catch_up_begins_where_the_last_one_ended(store: Store, archive: FolderArchive) -> None:
    checkpoints = MemoryCheckpointStore()
    keep(store, checkpoints, archive, STREAM)
    append(store)
    assert keep(store, checkpoints, archive, STREAM) == 4
    assert keep(store, checkpoints, archive, STREAM) == 4
    assert sorted(Segment.parse(key).first for key in archive.names()) == [1, 4]


def test_commits_of_two_days_are_two_objects(store: Store, archive: FolderArchive) -> None:
    append(store, time=T0 + DAY)
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    assert sorted((each.day, each.first) for each in map(Segment.parse, archive.names())) == [
        ("2026-11-24", 1),
        ("2026-11-25", 4),
    ]


def test_after_a_crash_between_object_and_checkpoint_nothing_is_twice(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    before = archive.get(next(archive.names()))
    append(store)
    assert keep(store, MemoryCheckpointStore(), archive, STREAM) == 4
    held = [packed.number for key in sorted(archive.names()) for packed in opened(key, archive.get(key))]
    assert held == [1, 2, 3, 4]
    assert archive.get(min(archive.names())) == before


def test_what_is_put_again_changes_nothing(archive: FolderArchive) -> None:
    assert archive.put("a/b", b"first")
    assert not archive.put("a/b", b"second")
    assert archive.get("a/b") == b"first"


@pytest.mark.parametrize("checkpoints", [0, 3])
def test_a_live_stream_that_was_changed_is_not_archived_further(
    store: Store, archive: FolderArchive, checkpoints: int
) -> None:
    known = MemoryCheckpointStore()
    keep(store, known, archive, STREAM)
    append(store)
    store.change(STREAM, 3 if checkpoints else 1, commit_id="forged")
    with pytest.raises(BrokenChain):
        keep(store, known if checkpoints else MemoryCheckpointStore(), archive, STREAM)
    assert len(list(archive.names())) == 1


def test_a_live_stream_that_was_cut_off_below_the_archive_is_not_archived(store: Store, archive: FolderArchive) -> None:
    known = MemoryCheckpointStore()
    keep(store, known, archive, STREAM)
    store.cut(STREAM, 2)
    with pytest.raises(BrokenChain) as broken:
        keep(store, known, archive, STREAM)
    assert broken.value.commit == 3


def _many(archive: FolderArchive) -> Store:
    """200 streams of several tenants, kinds and days, archived while they grow."""
    chance, store, checkpoints = random.Random(7), Store(), MemoryCheckpointStore()
    streams = [StreamId(f"t{n % 3}", ("workflow", "execution")[n % 2], f"s-{n}") for n in range(200)]
    for turn in range(3):
        for stream in streams:
            for _ in range(chance.randint(1, 3)):
                append(store, stream, chance.randint(1, 5), T0 + turn * DAY)
            if chance.random() < 0.7 or turn == 2:
                keep(store, checkpoints, archive, stream)
    return store


def test_an_empty_store_gets_every_event_back_and_every_chain_holds(archive: FolderArchive) -> None:
    store, target = _many(archive), Store()
    report = restore(archive, target)
    commits = sum(len(list(store.since(stream, 0))) for stream in store.streams())
    events = sum(len(commit.events) for stream in store.streams() for commit in store.commits(stream))
    assert report == Report(streams=200, commits=commits, events=events)
    assert set(target.streams()) == set(store.streams())
    for stream in store.streams():
        assert list(target.commits(stream)) == list(store.commits(stream))
        assert list(target.since(stream, 0)) == list(store.since(stream, 0))
        assert check(target.since(stream, 0)).broken is None
    assert verify(archive, store) == report


def test_a_stream_that_the_store_has_something_of_is_left_alone(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    target = Store()
    append(target, count=1)
    before = list(target.since(STREAM, 0))
    report = restore(archive, target)
    assert [(each.where, each.commit) for each in report.findings] == [(str(STREAM), 0)]
    assert list(target.since(STREAM, 0)) == before


def _rewrite(tmp_path: Path, key: str, blob: bytes) -> None:
    (tmp_path / key).write_bytes(blob)


def _with_another_event(blob: bytes) -> bytes:
    return zstandard.compress(zstandard.decompress(blob).replace(b'"Doe"', b'"Roe"', 1))


def _without_its_last_line(blob: bytes) -> bytes:
    return zstandard.compress(b"".join(zstandard.decompress(blob).splitlines(keepends=True)[:-1]))


def _cut_short(blob: bytes) -> bytes:
    return blob[: len(blob) // 2]


def _without_data(blob: bytes) -> bytes:
    found = [loads(line) for line in zstandard.decompress(blob).splitlines()]
    found[0]["commit"].pop("previous")
    return zstandard.compress(b"\n".join(map(dumps, found)))


@pytest.mark.parametrize("tamper", [_with_another_event, _without_its_last_line, _cut_short, _without_data])
def test_a_tampered_object_is_named_and_the_other_streams_are_restored(
    store: Store, archive: FolderArchive, tmp_path: Path, tamper: object
) -> None:
    other = StreamId("t", "workflow", "w-1")
    append(store, other)
    for stream in (STREAM, other):
        keep(store, MemoryCheckpointStore(), archive, stream)
    (key,) = archive.names("tenant=t/day=2026-11-24/kind=hl7_message/")
    _rewrite(tmp_path, key, tamper(archive.get(key)))  # type: ignore[operator]
    target = Store()
    report = restore(archive, target)
    assert [each.where for each in report.findings] == [key]
    assert target.streams() == (other,)
    assert [each.where for each in verify(archive, store).findings] == [key]


def test_an_object_that_was_written_anew_whole_is_named_by_the_one_after_it(
    store: Store, archive: FolderArchive, tmp_path: Path
) -> None:
    checkpoints = MemoryCheckpointStore()
    keep(store, checkpoints, archive, STREAM)
    append(store)
    keep(store, checkpoints, archive, STREAM)
    first, second = sorted(archive.names())
    store.change(STREAM, 3, commit_id="forged")
    _rewrite(tmp_path, first, sealed(list(store.since(STREAM, 0))[:3]))
    (finding,) = restore(archive, Store()).findings
    assert (finding.where, finding.reason) == (second, "commit 4 does not follow from the archived one before it")


def test_a_missing_object_is_noticed_at_the_one_after_it(store: Store, archive: FolderArchive, tmp_path: Path) -> None:
    checkpoints = MemoryCheckpointStore()
    keep(store, checkpoints, archive, STREAM)
    append(store)
    keep(store, checkpoints, archive, STREAM)
    first, second = sorted(archive.names())
    (tmp_path / first).unlink()
    (finding,) = restore(archive, Store()).findings
    assert (finding.where, finding.reason) == (second, "commit 4 comes in the place of commit 1")


def test_an_object_under_another_name_is_damaged(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    (key,) = archive.names()
    with pytest.raises(DamagedSegment, match="another name"):
        opened(key.replace("day=2026-11-24", "day=2026-11-25"), archive.get(key))


def test_what_is_no_segment_is_named(store: Store, archive: FolderArchive) -> None:
    archive.put("tenant=t/notes.txt", b"hello")
    assert [each.where for each in verify(archive, store).findings] == ["tenant=t/notes.txt"]


def test_a_stream_that_was_cut_off_at_its_end_is_named(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    store.cut(STREAM, 2)
    assert check(store.since(STREAM, 0)).broken is None  # its own chain does not tell
    (finding,) = verify(archive, store).findings
    assert (finding.where, finding.commit) == (str(STREAM), 3)
    assert "ends at commit 2" in finding.reason


def test_a_stream_that_is_gone_is_named(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    (finding,) = verify(archive, Store()).findings
    assert (finding.where, finding.commit) == (str(STREAM), 1)


def test_a_stream_whose_last_commit_was_exchanged_is_named(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    store.change(STREAM, 3, commit_id="forged")
    (finding,) = verify(archive, store).findings
    assert (finding.where, finding.commit) == (str(STREAM), 3)


def test_what_is_not_archived_yet_is_counted_and_no_finding(store: Store, archive: FolderArchive) -> None:
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    append(store)
    append(store, StreamId("t", "workflow", "new"))
    assert verify(archive, store) == Report(streams=1, commits=3, events=6, behind=2)


def test_a_long_stream_is_cut_into_bounded_objects(
    store: Store, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.events.archive.MOST_COMMITS", 2)
    assert keep(store, MemoryCheckpointStore(), archive, STREAM) == 3
    assert sorted(Segment.parse(key).first for key in archive.names()) == [1, 3]
    assert restore(archive, Store()).commits == 3


def test_a_chain_that_does_not_hold_after_it_was_restored_is_named(store: Store, archive: FolderArchive) -> None:
    class Forgetful(Store):
        def adopt(self, packed: PackedCommit) -> None:
            if packed.number != 2:
                self._streams.setdefault(packed.stream, []).append(packed)

    keep(store, MemoryCheckpointStore(), archive, STREAM)
    (finding,) = restore(archive, Forgetful()).findings
    assert (finding.where, finding.commit) == (str(STREAM), 2)
