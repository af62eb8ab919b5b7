"""Store and forward: each message is one file, on the disk before anything else happens to it.

    pending/<sequence>-<key>    received, not yet stored by the platform; delivered in order of sequence
    refused/<sequence>-<key>    the platform refused it for good (wrong key, too large); kept for a person

A file is a line of JSON (`Receipt`) and then the message, byte for byte. It appears under its name only when it is
complete and synced. Files and folders are readable by the gateway's user alone: they hold patient data.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from penstock_mllp.errors import OutboxFull, OutboxLocked


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where and when a message came in. ``received_at`` is ISO 8601, UTC; ``peer`` is ``address:port``."""

    key: str
    """Idempotency key, the same for the same bytes."""
    lane: str
    """The sender; messages of one lane are delivered in order."""
    control_id: str
    received_at: str
    peer: str
    listener: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A message on disk; ``size`` is that of the file in bytes."""

    receipt: Receipt
    path: Path
    size: int


class Outbox:
    """One folder, owned by one process. Methods block on the disk, and are safe for threads.

    Several threads are faster than one: a disk syncs what they wrote at once. What is put after another `put` has
    returned comes after it.
    """

    def __init__(self, directory: Path, *, max_bytes: int, max_messages: int) -> None:
        self._pending = directory / "pending"
        self._refused = directory / "refused"
        self._limits = (("bytes", max_bytes), ("messages", max_messages))
        for folder in (directory, self._pending, self._refused):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owned = _own(directory)
        self._counting = threading.Lock()
        for unfinished in self._pending.glob(".*"):
            unfinished.unlink()
        held = [path.stat().st_size for path in self._pending.iterdir()]
        self._held = {"bytes": sum(held), "messages": len(held)}
        known = (*self._pending.iterdir(), *self._refused.iterdir())
        self._sequence = max(map(_sequence, known), default=0)

    def close(self) -> None:
        """Let another process take the folder."""
        os.close(self._owned)

    def put(self, receipt: Receipt, message: bytes) -> Entry:
        """Store durably; raises `OutboxFull`, or OSError when the disk fails."""
        content = json.dumps(asdict(receipt)).encode("ascii") + b"\n" + message
        path = self._pending / f"{self._reserve(len(content)):016d}-{receipt.key}"
        try:
            _write_durably(path, content)
        except OSError:
            self._count(-len(content), -1)
            raise
        return Entry(receipt, path, len(content))

    def pending(self) -> Iterator[Entry]:
        """What is to be delivered, oldest first; a file that is damaged is refused, not lost."""
        for path in sorted(self._pending.iterdir()):
            size = path.stat().st_size
            try:
                with path.open("rb") as file:
                    receipt = Receipt(**json.loads(file.readline()))
            except (ValueError, TypeError):
                damaged = Entry(Receipt("", "", "", "", "", ""), path, size)
                self.refuse(damaged, "the file in the outbox is damaged")
                continue
            yield Entry(receipt, path, size)

    def read(self, entry: Entry) -> bytes:
        """The message as received."""
        return entry.path.read_bytes().split(b"\n", 1)[1]

    def remove(self, entry: Entry) -> None:
        """The platform has it. Not synced: after a crash it is delivered again under the same key."""
        entry.path.unlink(missing_ok=True)
        self._count(-entry.size, -1)

    def refuse(self, entry: Entry, reason: str) -> None:
        """Set aside for a person; ``reason`` is kept beside it."""
        target = self._refused / entry.path.name
        target.with_suffix(".reason").write_text(reason + "\n", encoding="utf-8")
        entry.path.rename(target)
        _sync(self._refused)
        self._count(-entry.size, -1)

    @property
    def refused(self) -> int:
        """How many messages are set aside."""
        return sum(path.suffix != ".reason" for path in self._refused.iterdir())

    def restore_refused(self) -> int:
        """Make all refused messages pending again, once their reason is gone; returns how many."""
        messages = [path for path in self._refused.iterdir() if path.suffix != ".reason"]
        for path in messages:
            size = path.stat().st_size
            path.rename(self._pending / path.name)
            path.with_suffix(".reason").unlink(missing_ok=True)
            self._count(size, 1)
        _sync(self._pending)
        return len(messages)

    def _reserve(self, size: int) -> int:
        """Room for a message of so many bytes, and its place in the sequence. Raises OutboxFull."""
        with self._counting:
            for (unit, limit), more in zip(self._limits, (size, 1), strict=True):
                if self._held[unit] + more > limit:
                    raise OutboxFull(self._held[unit], limit, unit)
            self._held["bytes"] += size
            self._held["messages"] += 1
            self._sequence += 1
            return self._sequence

    def _count(self, size: int, messages: int) -> None:
        with self._counting:
            self._held["bytes"] += size
            self._held["messages"] += messages


def _own(directory: Path) -> int:
    handle = os.open(directory / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise OutboxLocked(str(directory)) from error
    return handle


def _sequence(path: Path) -> int:
    digits = path.name.split("-", 1)[0]
    return int(digits) if digits.isdigit() else 0


def _write_durably(path: Path, content: bytes) -> None:
    unfinished = path.with_name("." + path.name)
    handle = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
