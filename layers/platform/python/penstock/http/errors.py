"""What can go wrong with an exchange; the tree is drawn in `penstock.http`."""


class ExchangeError(Exception):
    """Root of the tree. `permanent`: the same request will fail again."""

    permanent = False


class AddressRefused(ExchangeError):
    """A host that workflows must not reach."""

    permanent = True

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host, self.reason = host, reason


class HostNotFound(ExchangeError):
    """No address is known for the host."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host}: no address was found for this host")
        self.host = host


class ExchangeTimeout(ExchangeError):
    """The time was up before the whole reply was there."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} gave no whole reply within {seconds:g} s")
        self.what, self.seconds = what, seconds


class ConnectionFailed(ExchangeError):
    """No connection could be made, or it broke."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what, self.reason = what, reason


class TooManyRedirects(ExchangeError):
    """The reply points on and on."""

    permanent = True

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} redirects more than {limit} times")
        self.what, self.limit = what, limit


class ReplyTooLarge(ExchangeError):
    """The reply's body, decoded, is over the limit in bytes."""

    permanent = True

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} replied with more than {limit} bytes")
        self.what, self.limit = what, limit


class UnreadableReply(ExchangeError):
    """The reply cannot be decoded."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what, self.reason = what, reason
