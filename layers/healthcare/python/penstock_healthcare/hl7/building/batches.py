"""Files of messages (2.5.1: chapter 2, section 2.10.3)."""

from collections.abc import Sequence

from penstock_healthcare.hl7.building.segments import Header, segment
from penstock_healthcare.hl7.building.values import Value
from penstock_healthcare.hl7.message import Message


def build_batch(header: Header, messages: Sequence[Message], *, comment: str = "") -> bytes:
    """FHS, BHS, the messages as they are, BTS with their count, FTS; ``parse_batch`` reads it.

    The header's control id is the file's and its batch's.
    """
    opened: dict[int, Value] = {
        3: header.sending_application,
        4: header.sending_facility,
        5: header.receiving_application,
        6: header.receiving_facility,
        7: header.timestamp,
        10: comment,
        11: header.control_id,
    }
    before = [_header(name, opened) for name in ("FHS", "BHS")]
    after = [segment("BTS", {1: len(messages)}), segment("FTS", {1: 1})]
    content = b"".join(_ended(bytes(message)) for message in messages)
    return _lines(before) + content + _lines(after)


def _header(name: str, fields: dict[int, Value]) -> str:
    """FHS and BHS state their delimiters as MSH does."""
    return name + segment("MSH", fields).removeprefix("MSH")


def _ended(raw: bytes) -> bytes:
    return raw if raw.endswith((b"\r", b"\n")) else raw + b"\r"


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r" for line in lines).encode("utf-8")
