"""Settings: one name each in a JSON file, in the environment (``PENSTOCK_MLLP_`` and upper case) and as a flag.

Flags win over the environment, the environment over the file. Times are in seconds, sizes in bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from penstock_mllp.errors import BadSetting

PREFIX = "PENSTOCK_MLLP_"

AckOn = Literal["platform", "disk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the gateway needs to know; `load` checks them."""

    url: str
    """The platform's API, without ``/v1``."""
    api_key_file: Path
    """Read at each request, so a key can be rotated while the gateway runs."""
    outbox: Path
    """Folder for messages on their way; a disk that survives a power cut."""
    listen: str = "127.0.0.1:2575"
    name: str = "mllp"
    """Which listener this is, in the source of each message."""
    ack_on: AckOn = "platform"
    """``platform``: AA once the platform has stored the message. ``disk``: CA once it is in the outbox."""
    ack_timeout: float = 10.0
    """How long a sender waits for the platform before it is told AE, try later."""
    request_timeout: float = 15.0
    retry_base: float = 0.5
    retry_cap: float = 60.0
    max_frame_bytes: int = 4_000_000
    max_connections: int = 100
    max_in_flight: int = 32
    """Unanswered messages on one connection before the gateway stops reading from it."""
    max_requests: int = 16
    """Requests to the platform at a time."""
    idle_timeout: float = 600.0
    frame_timeout: float = 60.0
    """A frame that has begun must end within this time."""
    stop_timeout: float = 10.0
    """How long a stopping gateway waits for the answers that senders still expect."""
    outbox_max_bytes: int = 2_000_000_000
    outbox_max_messages: int = 200_000
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """When set, a sender must show a certificate that this authority signed."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def load(file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """Merge and check; raises `BadSetting` naming the first setting that is wrong."""
    names = {field.name for field in fields(Settings)}
    given = _read_file(file) if file else {}
    given |= {key.removeprefix(PREFIX).lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    given |= {key: value for key, value in flags.items() if value is not None}
    for name in given:
        if name not in names:
            raise BadSetting(name, "there is no such setting")
    for name in ("url", "api_key_file", "outbox"):
        if not given.get(name):
            raise BadSetting(name, "is required")
    settings = Settings(**{name: _convert(name, value) for name, value in given.items()})
    _check(settings)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSetting("config", f"{path} is not a readable JSON file") from error
    if not isinstance(content, dict):
        raise BadSetting("config", f"{path} does not hold a JSON object")
    return content


_TYPES = {field.name: field.type for field in fields(Settings)}
_LIMITS: dict[str, tuple[float, float]] = {
    "ack_timeout": (0.1, 600),
    "request_timeout": (0.1, 300),
    "retry_base": (0.01, 60),
    "retry_cap": (0.1, 3600),
    "max_frame_bytes": (1024, 100_000_000),
    "max_connections": (1, 10_000),
    "max_in_flight": (1, 10_000),
    "max_requests": (1, 1000),
    "idle_timeout": (1, 86_400),
    "frame_timeout": (1, 3600),
    "stop_timeout": (0, 600),
    "outbox_max_bytes": (1_000_000, 10**13),
    "outbox_max_messages": (1, 10**8),
}


def _convert(name: str, value: Any) -> Any:
    kind = _TYPES[name]
    if kind in (int, float):
        return _number(name, value, cast("type[int] | type[float]", kind))
    if kind in (Path, Path | None):
        return Path(str(value)) if value else None
    return str(value)


def _number(name: str, value: Any, kind: type[int] | type[float]) -> float:
    low, high = _LIMITS[name]
    try:
        number = kind(value)
    except (TypeError, ValueError):
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        raise BadSetting(name, f"must be a number from {low:g} to {high:g}")
    return number


def _check(settings: Settings) -> None:
    if urlsplit(settings.url).scheme not in ("http", "https") or not urlsplit(settings.url).hostname:
        raise BadSetting("url", "must be an http or https address")
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadSetting("listen", "must be HOST:PORT")
    if settings.ack_on not in ("platform", "disk"):
        raise BadSetting("ack_on", "must be platform or disk")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise BadSetting("tls_key", "a certificate and its key go together")
    if settings.tls_client_ca and not settings.tls_certificate:
        raise BadSetting("tls_certificate", "is required to check client certificates")
    for name in ("api_key_file", "tls_certificate", "tls_key", "tls_client_ca"):
        path = getattr(settings, name)
        if path and not path.is_file():
            raise BadSetting(name, f"there is no file {path}")
