"""What is personal in a commit is sealed, and blank once its key is ended."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, CommitTooLarge, Event, NoKeyring, Origin, StreamId, UnknownKey
from penstock.events.chain import Break, Check, check, digest
from penstock.events.codec import Codec, PackedCommit
from penstock.events.keyring import MemoryKeyring, family_of
from penstock.events.personal import declare, declare_kind, emptied, without_text

KIND, WHOLE = "sealed_note", "sealed_whole"
STREAM = StreamId("acme", KIND, "n-1")
T0 = datetime(2026, 11, 24, tzinfo=UTC)
ORIGIN = Origin("ward", "adt-1")
declare(KIND, "Noted", {"who": "", "items": emptied})
declare(KIND, "Failed", {"error": without_text("type")})
declare_kind(WHOLE)

text = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
names = st.sampled_from(["Noted", "Failed", "Other"])
fields = st.sampled_from(["who", "items", "error", "ward"]) | text
histories = st.lists(st.tuples(names, st.dictionaries(fields, values, max_size=4)), min_size=1, max_size=6)


def commit(parts: list[tuple[str, dict[str, Any]]], stream: StreamId = STREAM, number: int = 1) -> Commit:
    events = tuple(
        Event(stream, version, name, 1, T0 + timedelta(milliseconds=version), data, ORIGIN)
        for version, (name, data) in enumerate(parts, 1)
    )
    return Commit(stream, number, f"c-{number}", events)


def shredded(keyring: MemoryKeyring) -> None:
    keyring.end(STREAM.tenant, family_of(keyring, STREAM.tenant, ORIGIN.correlation))


@given(parts=histories, kind=st.sampled_from([KIND, WHOLE]))
def test_any_events_come_back_as_they_were_while_their_key_lives(parts: Any, kind: str) -> None:
    codec = Codec(keyring=MemoryKeyring())
    before = commit(parts, StreamId("acme", kind, "n-1"))
    after = codec.unpack(codec.pack(before))
    assert after == before
    assert [list(event.data) for event in after.events] == [list(event.data) for event in before.events]


@given(parts=histories, kind=st.sampled_from([KIND, WHOLE]))
def test_once_it_is_ended_they_are_what_the_skeleton_is(parts: Any, kind: str) -> None:
    keyring = MemoryKeyring()
    codec, before = Codec(keyring=keyring), commit(parts, StreamId("acme", kind, "n-1"))
    packed = codec.pack(before)
    shredded(keyring)
    after = codec.unpack(packed)
    assert after == codec.skeleton(packed) == Codec().skeleton(packed)
    blank = [event._replace(data=blanked(kind, event.type, event.data)) for event in before.events]
    assert list(after.events) == blank


def blanked(kind: str, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the declarations above say, said another way."""
    if kind == WHOLE:
        return {}
    found = dict(data)
    if event_type == "Noted":
        found |= {"who": ""} if "who" in data else {}
        found |= {"items": emptied(data["items"])} if "items" in data else {}
    if event_type == "Failed" and "error" in data:
        found["error"] = without_text("type")(data["error"])
    return found


def test_what_is_personal_is_in_no_part_that_can_be_read() -> None:
    packed = Codec(keyring=MemoryKeyring()).pack(commit([("Noted", {"who": "Zzyzx", "items": [{"a": 1}]})] * 3))
    assert packed.sealed
    assert b"Zzyzx" not in packed.blob + packed.sealed
    assert [event.data for event in Codec().skeleton(packed).events] == [{"who": "", "items": [{}]}] * 3


def test_a_commit_without_personal_data_is_stored_as_it_ever_was() -> None:
    for parts in ([("Other", {"who": "public"})], [("Noted", {"who": "", "items": []})], [("Noted", {"ward": "3B"})]):
        packed = Codec(keyring=MemoryKeyring()).pack(commit(parts))
        assert (packed.sealed, packed.key) == (b"", "")
        assert packed == Codec().pack(commit(parts))


def test_without_a_keyring_nothing_is_sealed_and_nothing_sealed_is_taken_for_blank() -> None:
    parts = [("Noted", {"who": "Zzyzx"})]
    assert Codec().unpack(Codec().pack(commit(parts))) == commit(parts)
    packed = Codec(keyring=MemoryKeyring()).pack(commit(parts))
    with pytest.raises(NoKeyring):
        Codec().unpack(packed)
    with pytest.raises(UnknownKey):
        Codec(keyring=MemoryKeyring()).unpack(packed)


def test_both_parts_together_are_bounded() -> None:
    codec = Codec(largest_commit=1000, keyring=MemoryKeyring())
    with pytest.raises(CommitTooLarge):
        codec.pack(commit([("Noted", {"who": "x" * 600, "ward": "y" * 600})]))


def history(codec: Codec, length: int = 3) -> list[PackedCommit]:
    packed: list[PackedCommit] = []
    for number in range(1, length + 1):
        made = commit([("Noted", {"who": f"Zzyzx {number}"})], number=number)
        events = (made.events[0]._replace(version=number),)
        packed.append(codec.pack(dataclasses.replace(made, events=events), digest(packed[-1]) if packed else b""))
    return packed


def test_shredding_leaves_the_chain_as_it_was() -> None:
    keyring = MemoryKeyring()
    commits = history(Codec(keyring=keyring))
    assert check(commits) == Check(3)
    shredded(keyring)
    assert check(commits) == Check(3)


@given(data=st.data())
def test_whatever_is_changed_in_the_sealed_part_breaks_the_chain_and_is_not_read(data: st.DataObject) -> None:
    codec = Codec(keyring=MemoryKeyring())
    commits = history(codec)
    place = data.draw(st.integers(0, len(commits[1].sealed) - 1))
    flipped = bytearray(commits[1].sealed)
    flipped[place] ^= data.draw(st.integers(1, 255))
    touched: list[dict[str, Any]] = [
        {"sealed": bytes(flipped)},
        {"sealed": commits[1].sealed[:place]},
        {"sealed": commits[0].sealed},
        {"key": commits[1].key + "0"},
        {"blob": commits[1].blob + commits[1].sealed[:1], "sealed": commits[1].sealed[1:]},
    ]
    for fields_ in touched:
        changed = commits[1]._replace(**fields_)
        assert check([commits[0], changed, commits[2]]).broken == Break(
            3, "it carries another digest than that of the commit before it"
        )
        if fields_.get("sealed"):
            with pytest.raises(ValueError, match="not what was sealed there"):
                codec.unpack(changed)


def test_a_sealed_part_is_bound_to_its_stream_and_commit() -> None:
    codec = Codec(keyring=MemoryKeyring())
    packed = codec.pack(commit([("Noted", {"who": "Zzyzx"})]))
    for moved in ({"number": 2}, {"stream": StreamId("acme", KIND, "n-2")}):
        with pytest.raises(ValueError, match="not what was sealed there"):
            codec.unpack(packed._replace(**moved))


@pytest.mark.parametrize(
    ("value", "blank"),
    [
        ("Doe", ""),
        (7, 0),
        (1.5, 0.0),
        (True, False),
        (None, None),
        ({"a": 1}, {}),
        ([{"a": 1}, {"b": 2}], [{}, {}]),
        (["Doe"], []),
    ],
)
def test_a_blank_has_the_type_of_what_it_stands_for(value: Any, blank: Any) -> None:
    assert emptied(value) == blank
    assert type(emptied(value)) is type(blank)


def test_what_is_named_stays_in_an_object_and_the_rest_goes() -> None:
    error = {"type": "Timeout", "message": "Doe did not answer", "tries": 3, "at": {"ward": "3B"}}
    assert without_text("type")(error) == {"type": "Timeout", "message": "", "tries": 0, "at": {}}
    assert without_text()([{"a": "b"}, "Doe"]) == [{"a": ""}, ""]
    assert without_text("type")(None) is None
