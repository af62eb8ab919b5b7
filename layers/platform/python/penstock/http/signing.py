"""Requests that are let in by their signature: who signs is the operator's, so that no tenant keeps a secret for it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from penstock.http.exchange import Request


class NotSigned(Exception):
    """There is nothing to sign with; `reason` says what is missing, without any of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Signer(Protocol):
    """Signs requests as whoever this process runs as."""

    def sign(self, request: "Request", service: str, region: str, /) -> "Request":
        """The request, which must be sent as it comes back. Raises NotSigned."""
        ...


class NoSigner:
    """Where nobody signs."""

    def sign(self, *_: object) -> "Request":
        """See Signer.sign."""
        raise NotSigned("nothing here signs requests")
