"""Where messages go out to: the receivers by the names that workflows call them.

[destinations.lab]
address = "10.0.0.8:2576"
tls_ca = "lab-ca.pem"
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from penstock_mllp.errors import BadSetting
from penstock_mllp.values import address, choice, number, path, text

MOST = 200
_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One receiver. Times are in seconds."""

    name: str
    address: str
    """Host and port."""
    tls: str = "off"
    """``on``: TLS, trusting ``tls_ca``, or the system's authorities where there is none."""
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    """Shown to the receiver, with ``tls_key``."""
    tls_key: Path | None = None
    tls_server_name: str = ""
    """Whom the receiver's certificate must name; the host of ``address`` when left out."""
    connect_timeout: float = 10.0
    ack_timeout: float = 30.0
    """How long the receiver may take to answer; then the message is sent again."""

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The address in its parts."""
        return address(f"destinations.{self.name}.address", self.address)


_CONVERT: Mapping[str, Callable[[str, Any], Any]] = {
    "address": text,
    "tls": lambda name, value: choice(name, value, ("on", "off")),
    "tls_ca": path,
    "tls_certificate": path,
    "tls_key": path,
    "tls_server_name": text,
    "connect_timeout": lambda name, value: number(name, value, float, 0.1, 300),
    "ack_timeout": lambda name, value: number(name, value, float, 0.1, 3600),
}


def destinations(value: Any) -> Mapping[str, Destination]:
    """By name, from a table, or the JSON text of one. Raises BadSetting."""
    tables = _table("destinations", value)
    if len(tables) > MOST:
        raise BadSetting("destinations", f"there may be {MOST} at most")
    return {name: _destination(name, _table(f"destinations.{name}", table)) for name, table in tables.items()}


def _destination(name: str, table: dict[str, Any]) -> Destination:
    where = f"destinations.{name}"
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > _NAME_LENGTH:
        raise BadSetting(where, f"a name has 1 to {_NAME_LENGTH} letters, digits, hyphens and underscores")
    if unknown := sorted(table.keys() - _CONVERT.keys()):
        raise BadSetting(f"{where}.{unknown[0]}", "there is no such setting")
    given = {each: _CONVERT[each](f"{where}.{each}", value) for each, value in table.items()}
    made = Destination(name=name, **{"address": "", **given})
    address(f"{where}.address", made.address)
    _check_tls(where, made)
    return made


def _check_tls(where: str, made: Destination) -> None:
    if bool(made.tls_certificate) != bool(made.tls_key):
        raise BadSetting(f"{where}.tls_key", "a certificate and its key go together")
    for field in fields(made):
        if field.name.startswith("tls_") and getattr(made, field.name) and made.tls == "off":
            raise BadSetting(f"{where}.tls", f"must be on for {field.name}")


def _table(name: str, value: Any) -> dict[str, Any]:
    try:
        table = json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise BadSetting(name, "must be a table, or JSON") from error
    if not isinstance(table, dict):
        raise BadSetting(name, "must be a table, or JSON")
    return table
