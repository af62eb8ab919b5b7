"""The MLLP gateway: takes HL7 v2 messages on the ward, holds them on disk, hands them to the platform.

`python -m penstock_mllp --help` runs it; `send` sends messages to any MLLP receiver.
Errors: see `penstock_mllp.errors` (`MllpError` is the root).
"""

from penstock_mllp.errors import BadSetting, MllpError, NoAcknowledgment, OutboxFull, OutboxLocked
from penstock_mllp.sender import send, send_messages
from penstock_mllp.settings import Settings

__all__ = [
    "BadSetting",
    "MllpError",
    "NoAcknowledgment",
    "OutboxFull",
    "OutboxLocked",
    "Settings",
    "send",
    "send_messages",
]
