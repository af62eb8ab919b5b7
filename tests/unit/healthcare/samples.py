"""The sample messages of `events/messages`, and what tests make of them."""

import base64
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "events" / "messages"
ORU = ("normal", "abnormal", "critical", "microbiology")
RAW = "MSH|^~\\&|LIS|HOSP|X|Y|20260101080000||ORU^R01^ORU_R01|C1|P|2.5.1\r"


def sample(name: str) -> bytes:
    """The bytes of `hl7v2_<name>.hl7`."""
    return (FOLDER / f"hl7v2_{name}.hl7").read_bytes()


def encoded(raw: bytes) -> str:
    """As a gateway sends it."""
    return base64.b64encode(raw).decode()


def lines(*segments: str) -> bytes:
    """A message of these segments, after an MSH of an ORU."""
    return (RAW + "".join(f"{segment}\r" for segment in segments)).encode()
