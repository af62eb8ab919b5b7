"""The hash chain of a stream: each commit carries the digest of the one before it.

Whoever changes, removes or inserts a commit breaks the chain at the commit after it, or at the one that was changed.
The digest covers what is stored, byte for byte, so that checking needs no decoding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from penstock.events.codec import GENESIS, PackedCommit


@dataclass(frozen=True, slots=True)
class Break:
    """The first commit that does not follow from the one before, and why."""

    commit: int
    reason: str


def digest(packed: PackedCommit) -> bytes:
    """SHA-256 of a commit with the digest that it carries: 32 bytes."""
    head = f"{packed.stream} {packed.number} {packed.commit_id} {packed.first_version} {packed.last_version} "
    return sha256(packed.previous + head.encode() + packed.blob).digest()


def first_break(commits: Iterable[PackedCommit]) -> Break | None:
    """Where a stream's commits, from its first on, stop being the ones that were written; None where they hold."""
    previous, version = GENESIS, 0
    for number, packed in enumerate(commits, 1):
        if packed.number != number:
            return Break(number, f"it is missing; commit {packed.number} comes in its place")
        if packed.first_version != version + 1:
            return Break(number, f"it begins with version {packed.first_version}, not {version + 1}")
        if packed.previous != previous:
            return Break(number, "it carries another digest than that of the commit before it")
        previous, version = digest(packed), packed.last_version
    return None
