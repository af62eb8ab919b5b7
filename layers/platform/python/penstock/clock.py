"""Time and identity as arguments: what a test replaces and production leaves alone."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
NewId: TypeAlias = Callable[[], str]


def utc_now() -> datetime:
    """The time in UTC, cut to the millisecond that events keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@lru_cache(maxsize=256)
def to_millis(time: datetime) -> int:
    """Milliseconds since 1970-01-01T00:00Z. Cached: what is written together mostly has one time."""
    return round(time.timestamp() * 1000)


@lru_cache(maxsize=256)
def from_millis(millis: int) -> datetime:
    """The inverse of `to_millis`, in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def iso(time: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-24T10:15:00.123Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def new_id() -> str:
    """A UUID version 7 (RFC 9562, section 5.7) as 32 hex digits: ids made later sort later."""
    millis = time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    bits = millis << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return f"{bits:032x}"
