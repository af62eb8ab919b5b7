"""What can go wrong with received messages; the tree is drawn in `penstock_healthcare.messages`."""


class MessageError(Exception):
    """Root of the tree."""


class UnknownMessage(MessageError):
    """No such message."""

    def __init__(self, message: str) -> None:
        super().__init__(f"there is no message {message}")
        self.message = message


class NoMessage(MessageError):
    """An item holds no HL7 message, or none that can be read. `location` is a path, "" where there is none."""

    def __init__(self, reason: str, location: str = "") -> None:
        super().__init__(reason)
        self.reason, self.location = reason, location
