"""penstock phi: find protected health information in files, and take it out."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.errors import Failure, WrongUse
from penstock_cli.files import STANDARD_INPUT, below, read_bytes
from penstock_cli.output import AsJson, plain, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_healthcare.phi import Treatment

app = typer.Typer(
    name="phi", help="Find protected health information in HL7, FHIR and text, and take it out.", no_args_is_help=True
)
Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH…", help="HL7 v2 messages, FHIR, text; files, folders; - is standard input"),
]
_SHORTEST_KEY = 32


@app.command()
def find(
    paths: Paths,
    values: Annotated[bool, typer.Option("--values", help="Show the identifiers themselves too")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell where identifiers stand, and of which of Safe Harbor's classes; exit code 1 when there are any."""
    from penstock_healthcare.phi import NotExamined
    from penstock_healthcare.phi import find as find_in

    reports: list[dict[str, Any]] = []
    for file, _, content in _documents(paths):
        try:
            found = find_in(content, _treatment())
        except NotExamined as error:
            raise Failure(f"{file}: {error}") from error
        shown = [each.told() | ({"text": each.text} if values else {}) for each in found]
        counts = Counter(each.identifier.value for each in found)
        reports.append({"file": file, "counts": dict(sorted(counts.items())), "findings": shown})
    show(reports, as_json, lambda console: _tell(console, reports, values))
    raise typer.Exit(int(any(each["findings"] for each in reports)))


@app.command()
def redact(
    paths: Paths,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FOLDER", help="Where to write; needed for several documents")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A secret of 32 bytes or more: pseudonyms instead of numbers")
    ] = None,
    shift_dates: Annotated[
        bool, typer.Option("--shift-dates", help="Shift dates by patient instead of cutting them; needs --key-file")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write documents without identifiers, by Safe Harbor unless --key-file is given; says what was changed.

    One document goes to standard output unless --output names a folder. Nothing is written of what cannot be examined.
    """
    from penstock_healthcare.phi import NotExamined, deidentify

    if shift_dates and key_file is None:
        raise WrongUse("--shift-dates needs --key-file")
    documents = list(_documents(paths))
    if output is None and (len(documents) != 1 or as_json):
        raise WrongUse("several documents, or --json: say with --output where to write them")
    key = _key(key_file) if key_file else None
    made = []
    for file, name, content in documents:
        try:
            made.append((file, name, *deidentify(content, _treatment(key, shift=shift_dates))))
        except NotExamined as error:
            raise Failure(f"{file}: {error}") from error
    reports = [{"file": file, **report.told()} for file, _, _, report in made]
    if output is None:
        sys.stdout.buffer.write(made[0][2])
        sys.stdout.buffer.flush()
        say(_sentence(reports[0]))
        return
    for _, name, content, _ in made:
        _write(output / name, content)
    show(reports, as_json, lambda console: console.print(plain("\n".join(map(_sentence, reports)))))


def _treatment(key: bytes | None = None, *, shift: bool = False) -> "Treatment":
    from datetime import UTC, datetime

    from penstock_healthcare.phi import Treatment

    return Treatment(datetime.now(UTC).date(), key, shift)


def _documents(paths: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """Each file's path, its name below what was given, and its bytes. Raises WrongUse."""
    for path in paths:
        if path != STANDARD_INPUT and Path(path).is_dir():
            files = below(Path(path))
            if not files:
                raise WrongUse(f"{path}: has no files")
            yield from ((str(file), str(file.relative_to(path)), read_bytes(str(file))) for file in files)
        else:
            yield path, "stdin" if path == STANDARD_INPUT else Path(path).name, read_bytes(path)


def _key(file: Path) -> bytes:
    key = read_bytes(str(file)).strip()
    if len(key) < _SHORTEST_KEY:
        raise WrongUse(f"{file}: a key has at least {_SHORTEST_KEY} bytes")
    return key


def _write(file: Path, content: bytes) -> None:
    """A new file; one that is there stays."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as target:
            target.write(content)
    except OSError as error:
        raise WrongUse(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error


def _sentence(report: dict[str, Any]) -> str:
    changed = ", ".join(f"{count} {name}" for name, count in report["changed"].items()) or "nothing"
    standing = "Safe Harbor" if report["safe_harbor"] else f"not Safe Harbor: {'; '.join(report['departures'])}"
    return f"{report['file']}: changed {changed} ({standing})"


def _tell(console: "Console", reports: list[dict[str, Any]], values: bool) -> None:
    for report in reports:
        count = len(report["findings"])
        console.print(plain(f"{report['file']}: {f'{count} identifiers' if count else 'nothing found'}"), style="bold")
        if count:
            columns = ("identifier", "location", "start", "end", "confidence", "rule", *(("text",) if values else ()))
            console.print(table(columns, [[each[column] for column in columns] for each in report["findings"]]))
