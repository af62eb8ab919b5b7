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
    """SHA-256 of a commit with the digest that it carries, its sealed part as it is sealed: 32 bytes."""
    head = f"{packed.stream} {packed.number} {packed.commit_id} {packed.first_version} {packed.last_version} "
    sealed = f" {packed.key} {len(packed.blob)} ".encode() + packed.sealed if packed.sealed else b""
    return sha256(packed.previous + head.encode() + packed.blob + sealed).digest()


@dataclass(frozen=True, slots=True)
class Check:
    """How many commits from the first on are the ones that were written, and what breaks the chain after them."""

    held: int
    broken: Break | None = None


def check(commits: Iterable[PackedCommit]) -> Check:
    """Follow a stream's commits, from its first on, as far as each follows from the one before."""
    previous, version, held = GENESIS, 0, 0
    for packed in commits:
        if reason := _reason(packed, held + 1, version + 1, previous):
            return Check(held, Break(held + 1, reason))
        previous, version, held = digest(packed), packed.last_version, held + 1
    return Check(held)


def _reason(packed: PackedCommit, number: int, version: int, previous: bytes) -> str:
    if packed.number != number:
        return f"it is missing; commit {packed.number} comes in its place"
    if packed.first_version != version:
        return f"it begins with version {packed.first_version}, not {version}"
    if packed.previous != previous:
        return "it carries another digest than that of the commit before it"
    return ""
