"""What a setting's text or number means; each function raises `BadSetting` naming the setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penstock_mllp.errors import BadSetting


def text(_: str, value: Any) -> str:
    """As it stands."""
    return str(value)


def path(name: str, value: Any) -> Path | None:
    """A file that is there; None for nothing."""
    if not value:
        return None
    file = Path(str(value))
    if not file.is_file():
        raise BadSetting(name, f"there is no file {file}")
    return file


def names(_: str, value: Any) -> tuple[str, ...]:
    """Several names: a list, or a text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(str(part).strip() for part in parts if str(part).strip())


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the words."""
    if value not in allowed:
        raise BadSetting(name, f"must be {' or '.join(allowed)}")
    return str(value)


def number(name: str, value: Any, kind: type[int] | type[float], low: float, high: float) -> float:
    """A number within bounds, not a boolean."""
    try:
        found = kind(value)
    except (TypeError, ValueError):
        found = None
    if found is None or isinstance(value, bool) or not low <= found <= high:
        raise BadSetting(name, f"must be a number from {low:g} to {high:g}")
    return found


def address(name: str, value: str) -> tuple[str, int]:
    """``HOST:PORT`` in its parts, brackets of IPv6 removed."""
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise BadSetting(name, "must be HOST:PORT")
    return host.strip("[]"), int(port)
