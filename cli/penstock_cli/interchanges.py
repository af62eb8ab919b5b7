"""X12 interchanges in files: read one by one, checked, shown segment by segment."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from penstock_cli.files import read_bytes, that_hold
from penstock_healthcare.x12 import Interchange, Unparseable, X12Error, check, parse_file
from penstock_healthcare.x12.sets import NAMES

SERIOUS = ("error", "warning")
SUFFIXES = (".x12", ".edi")
_BEGINS = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*ISA[^A-Za-z0-9\s]")


@dataclass(frozen=True, slots=True)
class Found:
    """One interchange of a file. `interchange` is None where the file cannot be read, for `error`."""

    file: str
    number: int
    is_identical: bool
    interchange: Interchange | None
    error: X12Error | None


def found_in(paths: Sequence[str]) -> Iterator[Found]:
    """The interchanges of files and folders; `number` counts from 1 in each file.

    In a folder, at any depth, a file counts that is named *.x12 or *.edi, or begins with an ISA segment. Raises
    WrongUse.
    """
    for path in paths:
        files = that_hold(Path(path), SUFFIXES, _BEGINS) if Path(path).is_dir() else (path,)
        for file in files:
            yield from _found_in(file, read_bytes(file))


def _found_in(file: str, content: bytes) -> Iterator[Found]:
    try:
        interchanges = parse_file(content)
    except Unparseable as error:
        yield Found(file, 1, False, None, error)
        return
    is_identical = b"".join(map(bytes, interchanges)) == content
    for number, interchange in enumerate(interchanges, 1):
        yield Found(file, number, is_identical, interchange, None)


def report(found: Found) -> dict[str, Any]:
    """What is to be said of an interchange: its header, its sets, and its findings or why it cannot be read.

    `identical` says whether the same bytes come out when the file is written again.
    """
    interchange = found.interchange
    return {
        "file": found.file,
        "interchange": found.number,
        "parsed": interchange is not None,
        "identical": found.is_identical,
        "control_id": interchange.control_id if interchange else "",
        "sender": interchange.sender if interchange else "",
        "receiver": interchange.receiver if interchange else "",
        "sets": [each.type for each in interchange.transactions()] if interchange else [],
        "findings": [asdict(each) for each in check(interchange)] if interchange else [_unreadable(found.error)],
    }


def is_serious(entry: dict[str, Any]) -> bool:
    """Whether a report has more than information."""
    return any(finding["severity"] in SERIOUS for finding in entry["findings"])


def rows(interchange: Interchange) -> Iterator[tuple[int, str, str]]:
    """Place, name and encoded elements of every segment."""
    for number, segment in enumerate(interchange.segments, 1):
        yield number, segment.id, segment.text[len(segment.id) + 1 :]


def title(interchange: Interchange) -> str:
    """From whom to whom, and what."""
    kinds = dict.fromkeys(f"{each.type} {NAMES.get(each.type, '')}".rstrip() for each in interchange.transactions())
    route = f"{interchange.control_id} from {interchange.sender} to {interchange.receiver}"
    return f"{route}: {', '.join(kinds) or 'no transaction set'}"


def _unreadable(error: X12Error | None) -> dict[str, Any]:
    return {"path": "ISA", "position": 1, "severity": "error", "rule": "readable", "message": str(error)}
