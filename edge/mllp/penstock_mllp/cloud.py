"""The platform's ingest endpoint, ``POST {url}/v1/healthcare/messages``, and what its answers mean here."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from penstock_healthcare.hl7 import BadPath, Fault, parse_path
from penstock_mllp.api import PlatformApi, seconds
from penstock_mllp.errors import PlatformUnavailable
from penstock_mllp.outbox import Receipt

ApplicationCode = Literal["AA", "AE", "AR"]

_PATH = "/v1/healthcare/messages"
_LATER = frozenset({408, 409, 425, 429})
_LONGEST_TEXT = 200
_MOST_FAULTS = 50
_MOST_ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Answered:
    """The platform has the message, and says how the sender is to be answered."""

    code: ApplicationCode
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will not take this message, however often it is sent (4xx)."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Not now: connection failed, time-out, 5xx, 429. ``retry_after`` in seconds where the platform named one."""

    reason: str
    retry_after: float | None = None


Outcome = Answered | Refused | Unavailable


class Cloud(Protocol):
    """Where messages go."""

    async def post(self, receipt: Receipt, message: bytes) -> Outcome:
        """One attempt; never raises for what the network or the platform does."""


class HttpCloud:
    """`Cloud` over HTTP."""

    def __init__(self, api: PlatformApi) -> None:
        self._api = api

    async def post(self, receipt: Receipt, message: bytes) -> Outcome:
        """See `Cloud`."""
        headers = {"Idempotency-Key": request_key(receipt)}
        try:
            response = await self._api.send("POST", _PATH, _body(receipt, message), headers)
        except PlatformUnavailable as error:
            return Unavailable(error.reason)
        return read_answer(response.status_code, response.headers, response.content)


def request_key(receipt: Receipt) -> str:
    """The same for every attempt to deliver a receipt, and another for every receipt: 64 hex digits.

    A message that its sender sends again later comes in a request of its own, with its own time and peer; the
    platform, whose messages are named by their bytes, answers it like the first.
    """
    return hashlib.sha256(f"{receipt.key}\n{receipt.received_at}\n{receipt.peer}".encode()).hexdigest()


def read_answer(status: int, headers: Mapping[str, str], content: bytes) -> Outcome:
    """What an HTTP answer means for the message. Unknown answers mean: try again, never: done."""
    if status in (200, 201):
        return _answered(_object(content)) or Unavailable("the answer is not in the agreed form")
    if status in _LATER or not 400 <= status < 500:
        return Unavailable(f"HTTP {status}", seconds(headers.get("retry-after", "")))
    problem = _object(content)
    reason = problem.get("detail") or problem.get("title") or problem.get("message") or ""
    return Refused(status, _text(reason))


def _body(receipt: Receipt, message: bytes) -> bytes:
    return json.dumps(
        {
            "raw": base64.b64encode(message).decode("ascii"),
            "received_at": receipt.received_at,
            "source": {"peer": receipt.peer, "listener": receipt.listener},
        }
    ).encode("ascii")


def _answered(answer: dict[str, Any]) -> Answered | None:
    code = answer.get("acknowledgment")
    if code not in ("AA", "AE", "AR") or answer.get("status") not in ("stored", "rejected"):
        return None
    errors = answer.get("errors") or []
    faults = tuple(_fault(error) for error in errors[:_MOST_FAULTS] if isinstance(error, dict))
    return Answered(cast("ApplicationCode", code), faults)


def _fault(error: dict[str, Any]) -> Fault:
    code = str(error.get("code") or "")
    return Fault(code if code.isdigit() else "207", _text(error.get("message")), _location(error.get("location")))


def _location(text: object) -> str:
    try:
        return str(parse_path(str(text or "")))
    except BadPath:
        return ""


def _object(content: bytes) -> dict[str, Any]:
    if len(content) > _MOST_ANSWER_BYTES:
        return {}
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value or "")[:_LONGEST_TEXT]
