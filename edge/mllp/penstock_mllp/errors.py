"""What can go wrong at the gateway.

MllpError
├── BadSetting          a setting is missing or not usable; the gateway does not start
├── OutboxLocked        another process holds the outbox; the gateway does not start
├── OutboxFull          no room to hold one more message; the sender is asked to try later
├── NoAcknowledgment    the receiver did not answer a message that `send` sent
└── PlatformUnavailable the platform cannot be asked now, or not with this key; ask again later
"""


class MllpError(Exception):
    """Root of this package's errors."""


class BadSetting(MllpError):
    """``name`` is the setting, ``reason`` what it must be."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"setting {name}: {reason}")
        self.name = name
        self.reason = reason


class OutboxLocked(MllpError):
    """Two gateways must not deliver from one outbox."""

    def __init__(self, directory: str) -> None:
        super().__init__(f"another process uses the outbox {directory}")
        self.directory = directory


class OutboxFull(MllpError):
    """``limit`` bytes or messages are held already."""

    def __init__(self, held: int, limit: int, unit: str) -> None:
        super().__init__(f"the outbox holds {held} {unit}; its limit is {limit}")
        self.held = held
        self.limit = limit
        self.unit = unit


class NoAcknowledgment(MllpError):
    """``acknowledged`` of ``sent`` messages were answered before the connection ended or the time was up."""

    def __init__(self, acknowledged: list[bytes], sent: int) -> None:
        super().__init__(f"{len(acknowledged)} of {sent} messages were acknowledged")
        self.acknowledged = acknowledged
        self.sent = sent


class PlatformUnavailable(MllpError):
    """No answer, or none about what was asked. ``retry_after`` in seconds where the platform named it."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(f"the platform cannot be asked now: {reason}")
        self.reason = reason
        self.retry_after = retry_after
