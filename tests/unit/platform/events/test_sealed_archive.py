"""The archive holds what is personal sealed, and gives it back so."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from penstock.events import Draft, NoKeyring, Origin, StreamId
from penstock.events.archive import DamagedSegment, keep, opened
from penstock.events.archive_folder import FolderArchive
from penstock.events.chain import check
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.keyring import MemoryKeyring, family_of
from penstock.events.personal import declare
from penstock.events.recovery import restore, verify
from penstock.events.store import head
from tests.unit.platform.events.test_archive import Store

KIND = "archived_note"
STREAM = StreamId("acme", KIND, "n-1")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
declare(KIND, "Noted", {"who": ""})


class World:
    """A store whose stream of two commits is archived in a folder."""

    def __init__(self, folder: Path) -> None:
        self.keyring = MemoryKeyring()
        self.store, self.archive = Store(keyring=self.keyring), FolderArchive(folder)
        for who in ("Doe", "Roe"):
            end = head(self.store.commits(STREAM))
            drafts = [Draft("Noted", {"who": who, "n": n}, NOW) for n in range(2)]
            self.store.append(STREAM, drafts, expected=end, commit_id=f"c-{end.commit}", origin=Origin("ward", "adt-1"))
        keep(self.store, MemoryCheckpointStore(), self.archive, STREAM)
        (self.key,) = self.archive.names()

    def lines(self) -> list[bytes]:
        return zstandard.ZstdDecompressor().decompress(self.archive.get(self.key)).splitlines()

    def shred(self) -> None:
        self.keyring.end("acme", family_of(self.keyring, "acme", "adt-1"))


def test_a_segment_says_nothing_of_a_person(tmp_path: Path) -> None:
    lines = World(tmp_path).lines()
    assert [json.loads(line)["data"] for line in lines] == [{"who": "", "n": n} for n in (0, 1)] * 2
    assert b"Doe" not in b"".join(lines)


def test_what_is_restored_is_read_while_its_key_lives_and_blank_after(tmp_path: Path) -> None:
    world = World(tmp_path)
    target = Store(keyring=world.keyring)
    report = restore(world.archive, target)
    assert (report.findings, report.commits) == ((), 2)
    assert list(target.packed(STREAM)) == list(world.store.packed(STREAM))
    assert [event.data["who"] for commit in target.commits(STREAM) for event in commit.events] == ["Doe"] * 2 + [
        "Roe"
    ] * 2
    world.shred()
    assert [event.data["who"] for commit in target.commits(STREAM) for event in commit.events] == [""] * 4
    assert check(target.packed(STREAM)).broken is None


def test_the_archive_of_a_shredded_stream_is_what_the_stream_is(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.shred()
    assert verify(world.archive, world.store).findings == ()
    target = Store()
    assert restore(world.archive, target).findings == ()
    with pytest.raises(NoKeyring):
        list(target.commits(STREAM))


def test_a_sealed_part_that_was_changed_is_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    sealed = next(world.store.packed(STREAM)).sealed
    world.store.change(STREAM, 1, sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    (finding,) = verify(world.archive, world.store).findings
    assert (finding.commit, finding.reason) == (1, "is not the commit that was archived")


def test_a_segment_of_before_there_were_keys_opens(tmp_path: Path) -> None:
    store, archive = Store(), FolderArchive(tmp_path)
    draft = Draft("Noted", {"who": "Doe"}, NOW)
    store.append(STREAM, [draft], expected=head(()), commit_id="c", origin=Origin("ward", "adt-1"))
    keep(store, MemoryCheckpointStore(), archive, STREAM)
    (key,) = archive.names()
    assert b"sealed" not in zstandard.ZstdDecompressor().decompress(archive.get(key))
    (packed,) = opened(key, archive.get(key))
    assert packed == next(store.packed(STREAM))


def test_a_segment_whose_line_tells_what_its_commit_seals_is_damaged(tmp_path: Path) -> None:
    world = World(tmp_path)
    text = b"\n".join(world.lines()).replace(b'"who":""', b'"who":"Doe"', 1)
    with pytest.raises(DamagedSegment, match="its events are not those of its commits"):
        opened(world.key, zstandard.compress(text + b"\n"))
