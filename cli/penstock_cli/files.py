"""Files that commands are given: read whole, bounded, and what is wrong with them told with place and reason."""

import base64
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from penstock_cli.errors import WrongUse

LARGEST_FILE = 10_000_000
STANDARD_INPUT = "-"
HL7_SUFFIX = ".hl7"
_HEAD = 4_096


def read_bytes(file: str) -> bytes:
    """A file's bytes; `-` is standard input. Raises WrongUse when it cannot be read or is over 10 MB."""
    try:
        if file == STANDARD_INPUT:
            content = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(file).open("rb") as source:
                content = source.read(LARGEST_FILE + 1)
    except OSError as error:
        raise WrongUse(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error
    if len(content) > LARGEST_FILE:
        raise WrongUse(f"{file}: is over {LARGEST_FILE} bytes")
    return content


def below(folder: Path) -> list[Path]:
    """The files of a folder at any depth, sorted, without hidden ones."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def that_hold(folder: Path, suffixes: Collection[str], beginning: re.Pattern[bytes]) -> Iterator[str]:
    """Those of a folder that are named so, or whose first 4 KB hold the beginning of what is looked for."""
    for file in below(folder):
        if file.suffix.lower() in suffixes or _holds(file, beginning):
            yield str(file)


def _holds(file: Path, beginning: re.Pattern[bytes]) -> bool:
    try:
        with file.open("rb") as source:
            return beginning.search(source.read(_HEAD)) is not None
    except OSError:
        return False


def read_json(file: str) -> Any:
    """A file's JSON value. Raises WrongUse with line and column."""
    import orjson

    content = read_bytes(file)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        reason = error.msg.partition(": line ")[0]
        raise WrongUse(f"{file}: line {error.lineno}, column {error.colno}: not JSON: {reason}") from error


def read_items(file: str) -> list[dict[str, Any]]:
    """Items to start a workflow with: a JSON object is one, a list has one an element. Raises WrongUse.

    A file named *.hl7 is one item: its bytes as `raw`, in base64, as the HL7 trigger and nodes take it.
    """
    if file.lower().endswith(HL7_SUFFIX):
        return [{"raw": base64.b64encode(read_bytes(file)).decode("ascii")}]
    value = read_json(file)
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            place = f"element {index}" if isinstance(value, list) else "the value"
            raise WrongUse(f"{file}: {place} is {_kind(item)}; an item is a JSON object")
    return items


def read_definition(file: str) -> dict[str, Any]:
    """A workflow definition, bare or as an export holds it, or that of the sample with this id. Raises WrongUse."""
    value = _sample(file) or read_json(file)
    if not isinstance(value, dict):
        raise WrongUse(f"{file}: the value is {_kind(value)}; a workflow is a JSON object")
    is_export = str(value.get("format", "")).startswith("penstock.workflow/") and isinstance(
        value.get("definition"), dict
    )
    return value["definition"] if is_export else value


def _sample(name: str) -> dict[str, Any] | None:
    if name == STANDARD_INPUT or Path(name).exists():
        return None
    from penstock.workflows.samples import sample_workflows

    return next((sample.definition for sample in sample_workflows() if sample.id == name), None)


_KINDS = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "an object"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")
