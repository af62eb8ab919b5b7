"""Secrets of webhooks: `whsec_` and 32 random bytes in base64, shown once, and kept sealed.

Signing needs the secret itself, so a hash will not do. What is kept is sealed for one webhook by a key that only the
functions which sign may use; the sealed text opens for no other webhook.
"""

import base64
import secrets
from typing import Protocol

from penstock.clock import new_id
from penstock.events.model import StreamId
from penstock.routing.errors import BrokenSeal

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret as receivers keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


class Seal(Protocol):
    """Seals secrets, and opens them again."""

    def seal(self, secret: str, about: StreamId) -> str:
        """The secret as it may be stored; another text each time."""
        ...

    def open(self, sealed: str, about: StreamId) -> str:
        """The inverse of `seal`. Raises BrokenSeal when it was not sealed for `about`."""
        ...


class MemorySeal:
    """A Seal that keeps the secrets itself: a sealed one is only a ticket."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[StreamId, str]] = {}

    def seal(self, secret: str, about: StreamId) -> str:
        """See Seal.seal."""
        ticket = new_id()
        self._kept[ticket] = about, secret
        return ticket

    def open(self, sealed: str, about: StreamId) -> str:
        """See Seal.open."""
        owner, secret = self._kept.get(sealed, (None, ""))
        if owner != about:
            raise BrokenSeal(str(about))
        return secret
