"""Settings: one name each in a TOML or JSON file, in the environment (``PENSTOCK_MLLP_`` and upper case), as a flag.

Flags win over the environment, the environment over the file. Times are in seconds, sizes in bytes.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from penstock_mllp.destinations import Destination, destinations
from penstock_mllp.errors import BadSetting
from penstock_mllp.values import address, choice, names, number, path, text

PREFIX = "PENSTOCK_MLLP_"

AckOn = Literal["platform", "disk"]
ClientAuth = Literal["required", "optional"]


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
    """Where senders connect; empty for a gateway that only sends."""
    name: str = "mllp"
    """Which listener this is, in the source of each message."""
    ack_on: AckOn = "platform"
    """``platform``: AA once the platform has stored the message. ``disk``: CA once it is in the outbox.

    It is for messages in original mode; those that name their acknowledgments (MSH-15, MSH-16) get these."""
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
    """When set, senders are asked for a certificate that this authority signed."""
    tls_client_auth: ClientAuth = "required"
    """Whether a sender without a certificate is let in; one with a wrong certificate never is."""
    tls_client_names: tuple[str, ...] = ()
    """When set, a certificate must name one of them: as common name or alternative name."""
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    """Where messages of the platform's workflows are sent to; see `penstock_mllp.destinations`."""
    poll_interval: float = 1.0
    """How long the platform is left alone when it had nothing to send."""
    health_listen: str = ""
    """Where ``GET /health`` is answered; nowhere when empty."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return address("listen", self.listen)


def load(file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """Merge and check; raises `BadSetting` naming the first setting that is wrong."""
    given = _read_file(file) if file else {}
    given |= {key.removeprefix(PREFIX).lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    given |= {key: value for key, value in flags.items() if value is not None}
    for name in given:
        if name not in _CONVERT:
            raise BadSetting(name, "there is no such setting")
    for name in ("url", "api_key_file", "outbox"):
        if not given.get(name):
            raise BadSetting(name, "is required")
    settings = Settings(**{name: _CONVERT[name](name, value) for name, value in given.items()})
    _check(settings)
    return settings


def _read_file(file: Path) -> dict[str, Any]:
    is_toml = file.suffix == ".toml"
    try:
        written = file.read_text(encoding="utf-8")
        content = tomllib.loads(written) if is_toml else json.loads(written)
    except (OSError, ValueError) as error:
        raise BadSetting("config", f"{file} is not a readable {'TOML' if is_toml else 'JSON'} file") from error
    if not isinstance(content, dict):
        raise BadSetting("config", f"{file} does not hold a JSON object")
    return content


def _within(kind: type[int] | type[float], low: float, high: float) -> Callable[[str, Any], float]:
    return lambda name, value: number(name, value, kind, low, high)


def _one_of(*allowed: str) -> Callable[[str, Any], str]:
    return lambda name, value: choice(name, value, allowed)


def _url(name: str, value: Any) -> str:
    if urlsplit(str(value)).scheme not in ("http", "https") or not urlsplit(str(value)).hostname:
        raise BadSetting(name, "must be an http or https address")
    return str(value)


def _address(name: str, value: Any) -> str:
    if value:
        address(name, str(value))
    return str(value)


_CONVERT: Mapping[str, Callable[[str, Any], Any]] = {
    "url": _url,
    "api_key_file": path,
    "outbox": lambda _, value: Path(str(value)),
    "listen": _address,
    "name": text,
    "ack_on": _one_of("platform", "disk"),
    "ack_timeout": _within(float, 0.1, 600),
    "request_timeout": _within(float, 0.1, 300),
    "retry_base": _within(float, 0.01, 60),
    "retry_cap": _within(float, 0.1, 3600),
    "max_frame_bytes": _within(int, 1024, 100_000_000),
    "max_connections": _within(int, 1, 10_000),
    "max_in_flight": _within(int, 1, 10_000),
    "max_requests": _within(int, 1, 1000),
    "idle_timeout": _within(float, 1, 86_400),
    "frame_timeout": _within(float, 1, 3600),
    "stop_timeout": _within(float, 0, 600),
    "outbox_max_bytes": _within(int, 1_000_000, 10**13),
    "outbox_max_messages": _within(int, 1, 10**8),
    "tls_certificate": path,
    "tls_key": path,
    "tls_client_ca": path,
    "tls_client_auth": _one_of("required", "optional"),
    "tls_client_names": names,
    "destinations": lambda _, value: destinations(value),
    "poll_interval": _within(float, 0.01, 3600),
    "health_listen": _address,
}


def _check(settings: Settings) -> None:
    if not settings.listen and not settings.destinations:
        raise BadSetting("listen", "is required where there are no destinations")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise BadSetting("tls_key", "a certificate and its key go together")
    if settings.tls_client_ca and not settings.tls_certificate:
        raise BadSetting("tls_certificate", "is required to check client certificates")
    if settings.tls_client_names and not settings.tls_client_ca:
        raise BadSetting("tls_client_ca", "is required to know whom a certificate names")
