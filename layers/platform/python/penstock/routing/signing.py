"""Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over `id.timestamp.body`, one for each secret."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from penstock.routing.sealing import PREFIX

VERSION = "v1"


def header_id(event: str) -> str:
    """An event's id as the header carries it: dots, which part what is signed, and what no header holds are escaped."""
    return quote(event, safe="#@:/").replace(".", "%2E")


def signed(event: str, at: datetime, body: bytes, secrets: Sequence[str]) -> Mapping[str, str]:
    """The headers for a body that is sent at a time."""
    name, timestamp = header_id(event), str(int(at.timestamp()))
    content = f"{name}.{timestamp}.".encode() + body
    return {
        "webhook-id": name,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"{VERSION},{_signature(secret, content)}" for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
