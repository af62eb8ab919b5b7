"""Reading one's own writes: a writer is told how far its streams have come, and reads wait until views are there.

Positions are written `kind/key@version`, several with commas between; kind and key are percent-encoded.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from penstock.events.errors import NotCaughtUp
from penstock.events.model import Commit, StreamId
from penstock.events.projection import Projection
from penstock.events.views import ViewStore

MOST_POSITIONS = 20
LONGEST_TEXT = 4_000
_POSITION = re.compile(r"(?P<kind>[^/@,\s]+)/(?P<key>[^/@,\s]+)@(?P<version>[1-9]\d{0,9})")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25  # seconds


class Written:
    """The newest version of each stream that this process has appended to, the streams that were written last.

    Safe for threads.
    """

    def __init__(self) -> None:
        self._versions: dict[StreamId, int] = {}
        self._lock = threading.Lock()

    def note(self, commit: Commit) -> None:
        """The commit was appended."""
        with self._lock:
            self._versions.pop(commit.stream, None)
            self._versions[commit.stream] = commit.position.version
            if len(self._versions) > MOST_POSITIONS:
                del self._versions[next(iter(self._versions))]

    def take(self) -> Mapping[StreamId, int]:
        """What was noted since this was asked last."""
        with self._lock:
            taken, self._versions = self._versions, {}
            return taken


def rendered(positions: Mapping[StreamId, int]) -> str:
    """The positions as a text of 4,000 characters at most; the ones after that are left out."""
    text = ""
    for stream, version in positions.items():
        more = f"{', ' if text else ''}{quote(stream.kind, safe='')}/{quote(stream.key, safe='')}@{version}"
        if len(text) + len(more) > LONGEST_TEXT:
            break
        text += more
    return text


def parsed(tenant: str, text: str) -> Mapping[StreamId, int]:
    """The inverse of `rendered`, in the tenant. Raises ValueError, InvalidStreamId."""
    parts = [part.strip() for part in text[: LONGEST_TEXT + 1].split(",")]
    if len(text) > LONGEST_TEXT or len(parts) > MOST_POSITIONS:
        raise ValueError(f"must have at most {MOST_POSITIONS} positions and {LONGEST_TEXT} characters")
    found = [_POSITION.fullmatch(part) for part in parts]
    if not all(found):
        raise ValueError("must be positions that were given out, as execution/0193…@12")
    return {
        StreamId(tenant, unquote(each["kind"]), unquote(each["key"])): int(each["version"]) for each in found if each
    }


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and by which clock."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


def await_version(
    views: ViewStore,
    projections: Iterable[Projection],
    stream: StreamId,
    version: int,
    patience: Patience,
) -> None:
    """Return when the stream's row in each of the projections holds that version. Raises NotCaughtUp.

    Rows are read consistently; on AWS a listing's order comes from an index that follows them a little later.
    """
    deadline = patience.now() + patience.seconds
    for projection in projections:
        pause = _FIRST_PAUSE
        while (stands := _version(views, projection, stream)) < version:
            if patience.now() >= deadline:
                raise NotCaughtUp(projection.name, str(stream), version, stands)
            patience.sleep(pause * (0.5 + patience.jitter() / 2))
            pause = min(pause * 2, _LONGEST_PAUSE)


def _version(views: ViewStore, projection: Projection, stream: StreamId) -> int:
    row = views.load(projection.name, stream)
    return row.position.version if row else 0
