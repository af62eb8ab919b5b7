"""What can go wrong with outbound messages; the tree is drawn in `penstock_healthcare.outbound`."""


class OutboundError(Exception):
    """Root of the tree."""


class UnknownOutbound(OutboundError):
    """No such message."""

    def __init__(self, message: str) -> None:
        super().__init__(f"there is no outbound message {message}")
        self.message = message


class Unsendable(OutboundError):
    """It is too large, or its receiver could not say, or would not, that it has it. `location` is a path."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(f"{location}: {reason}")
        self.location, self.reason = location, reason
