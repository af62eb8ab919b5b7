"""The folder that survives."""

import stat
from pathlib import Path

import pytest

from penstock_mllp.cloud import Answered, Refused, Unavailable, read_answer
from penstock_mllp.delivery import Backoff
from penstock_mllp.errors import OutboxFull, OutboxLocked
from penstock_mllp.gateway import idempotency_key
from penstock_mllp.outbox import Outbox, Receipt


def receipt(key: str) -> Receipt:
    return Receipt(key, "LAB\nHOSP", "1", "2026-01-01T00:00:00+00:00", "127.0.0.1:5", "mllp")


def opened(folder: Path, *, max_bytes: int = 10_000, max_messages: int = 10) -> Outbox:
    return Outbox(folder, max_bytes=max_bytes, max_messages=max_messages)


def test_what_is_put_is_pending_in_order_byte_for_byte_also_in_the_next_process(tmp_path: Path) -> None:
    first = opened(tmp_path)
    contents = [b"MSH|^~\\&\r\nPID\n\x00\xff", b"", b"\n\n"]
    for number, content in enumerate(contents):
        first.put(receipt(f"k{number}"), content)
    first.close()
    second = opened(tmp_path)
    entries = list(second.pending())
    assert [entry.receipt.key for entry in entries] == ["k0", "k1", "k2"]
    assert [second.read(entry) for entry in entries] == contents
    second.remove(entries[0])
    later = second.put(receipt("k3"), b"x")
    assert later.path.name > entries[2].path.name
    assert [entry.receipt.key for entry in second.pending()] == ["k1", "k2", "k3"]


def test_messages_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    outbox = opened(tmp_path / "outbox")
    entry = outbox.put(receipt("k"), b"x")
    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.path.parent.stat().st_mode) == 0o700


def test_an_unfinished_write_of_a_crash_is_no_message(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "pending" / ".0000000000000001-k").write_bytes(b'{"key"')
    assert list(opened(tmp_path).pending()) == []
    assert list((tmp_path / "pending").iterdir()) == []


def test_a_damaged_file_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "pending" / "0000000000000001-k").write_bytes(b"garbage\nMSH|")
    assert list(opened(tmp_path).pending()) == []
    assert sorted(path.name for path in (tmp_path / "refused").iterdir()) == [
        "0000000000000001-k",
        "0000000000000001-k.reason",
    ]


@pytest.mark.parametrize(("limits", "unit"), [({"max_messages": 2}, "messages"), ({"max_bytes": 400}, "bytes")])
def test_a_full_outbox_refuses_until_there_is_room(tmp_path: Path, limits: dict[str, int], unit: str) -> None:
    outbox = opened(tmp_path, **limits)
    first = outbox.put(receipt("k1"), b"x")
    outbox.put(receipt("k2"), b"x")
    with pytest.raises(OutboxFull) as caught:
        outbox.put(receipt("k3"), b"x" * 100)
    assert caught.value.unit == unit
    outbox.remove(first)
    outbox.put(receipt("k3"), b"x")


def test_one_process_owns_the_outbox(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(OutboxLocked):
        opened(tmp_path)
    first.close()
    opened(tmp_path).close()


def test_the_key_is_the_same_for_the_same_message_and_for_no_other() -> None:
    keys = {
        idempotency_key(sender, control_id, content)
        for sender in ("A", "AB")
        for control_id in ("", "B", "1")
        for content in (b"x", b"Bx", b"xB")
    }
    assert len(keys) == 18
    assert idempotency_key("A", "1", b"x") == idempotency_key("A", "1", b"x")


def test_waits_double_up_to_a_cap_and_respect_what_the_platform_asks() -> None:
    backoff = Backoff(base=1, cap=30, random=lambda: 1.0)
    assert [backoff.seconds(attempt) for attempt in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert backoff.seconds(0, retry_after=12) == 12
    assert backoff.seconds(0, retry_after=9999) == 30
    assert backoff.seconds(10**9) == 30
    assert Backoff(base=1, cap=30, random=lambda: 0.0).seconds(1) == 1


STORED = b'{"id":"1","status":"stored","acknowledgment":"AA"}'


@pytest.mark.parametrize(
    ("status", "headers", "content", "outcome"),
    [
        (201, {}, STORED, Answered("AA")),
        (200, {}, STORED, Answered("AA")),
        (201, {}, b"", Unavailable("the answer is not in the agreed form")),
        (201, {}, b"[]", Unavailable("the answer is not in the agreed form")),
        (201, {}, STORED.replace(b"stored", b"queued"), Unavailable("the answer is not in the agreed form")),
        (201, {}, STORED.replace(b"AA", b"CA"), Unavailable("the answer is not in the agreed form")),
        (503, {"retry-after": "7"}, b"", Unavailable("HTTP 503", 7)),
        (429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", Unavailable("HTTP 429")),
        (302, {}, b"", Unavailable("HTTP 302")),
        (413, {}, b'{"title":"Too large","detail":"4 MB"}', Refused(413, "4 MB")),
        (403, {}, b'{"message":"Forbidden"}', Refused(403, "Forbidden")),
        (400, {}, b"<html>", Refused(400, "")),
    ],
)
def test_what_an_answer_means(status: int, headers: dict[str, str], content: bytes, outcome: object) -> None:
    assert read_answer(status, headers, content) == outcome
