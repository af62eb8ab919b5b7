"""The sample messages through a real socket: all over one connection, as a sender on a ward keeps it open."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock_cli import acknowledgments
from penstock_cli.demo.expected import Expected
from penstock_cli.demo.gateway import HOST
from penstock_cli.errors import Failure
from penstock_cli.files import read_bytes
from penstock_cli.messages import found_in_bytes
from penstock_healthcare.hl7 import HL7Error, parse
from penstock_mllp import NoAcknowledgment, send

SECONDS = 120.0
LONGEST_CONTROL_ID = 20  # MSH-10 is ST with a length of 20 in 2.5.1 (chapter 2, section 2.15.9)


def sample_messages(folder: Path) -> list[tuple[str, bytes]]:
    """Name and bytes of every sample message. Raises Failure when there is none."""
    found = [(file.name, read_bytes(str(file))) for file in sorted(folder.glob("*.hl7"))]
    if not found:
        raise Failure(f"there are no messages in {folder}")
    return found


def renamed(raw: bytes, mark: str) -> bytes:
    """The message under a control id of its own, so that the platform does not take it for one it has already.

    The end of the old id stays, which tells messages of one sender apart. A message that cannot be read stays as it
    is: it is refused again.
    """
    try:
        message = parse(raw)
    except HL7Error:
        return raw
    message.set("MSH-10", message.control_id[-(LONGEST_CONTROL_ID - len(mark)) :] + mark)
    return bytes(message)


def transmit(port: int, messages: Sequence[Expected]) -> list[dict[str, Any]]:
    """The acknowledgments, in the order of the messages. Raises Failure when one is missing."""
    try:
        answers = send(HOST, port, [each.raw for each in messages], timeout=SECONDS)
    except NoAcknowledgment as error:
        raise Failure(f"the MLLP gateway: {error}") from error
    except OSError as error:
        raise Failure(f"the MLLP gateway cannot be reached: {error}") from error
    return [
        acknowledgments.told(found_in_bytes(message.file, message.raw), answer)
        for message, answer in zip(messages, answers, strict=True)
    ]
