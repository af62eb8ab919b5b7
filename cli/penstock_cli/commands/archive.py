"""penstock archive: questions to the archive, its comparison with the live events, and the way back from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.errors import Failure, WrongUse
from penstock_cli.output import AsJson, plain, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock.aws.archive import CopyableEventStore
    from penstock.events.archive import Archive, Segment
    from penstock.events.recovery import Report

app = typer.Typer(name="archive", help="Ask the archive, check it, restore from it.", no_args_is_help=True)
MOST_OBJECTS = 10_000
From = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FOLDER", exists=True, file_okay=False, help="A copy of the archive, not the stage's own"
    ),
]


@app.command()
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A SELECT (DuckDB) from `events`")],
    stage: Stage = LOCAL,
    folder: From = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's events")] = None,
    day: Annotated[str | None, typer.Option(metavar="DAY", help="Only commits of this UTC day: 2026-11-24")] = None,
    kind: Annotated[str | None, typer.Option(help="Only events of streams of this kind")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many rows at most")] = 1_000,
    timeout: Annotated[float, typer.Option(min=1, max=3_600, help="Seconds that the query may take")] = 60,
    as_json: AsJson = False,
) -> None:
    """Ask the archived events; what matches the options is fetched for it.

    `events` has id, tenant, kind, key, version, type, schema, time (UTC), actor, correlation, causation, data (JSON).
    Fields of data: data->>'$.patient.name'
    """
    from penstock_cli.archive_query import rows

    def matches(segment: "Segment") -> bool:
        wanted = ((tenant, segment.tenant), (day, segment.day), (kind, segment.kind))
        return all(want in (None, have) for want, have in wanted)

    with _files(stage, folder, matches) as files:
        columns, found = rows(sql, files, limit, timeout)
    items = [dict(zip(columns, row, strict=True)) for row in found]
    show({"items": items}, as_json, lambda console: console.print(table(columns, found)))


@app.command()
def verify(stage: Stage = LOCAL, folder: From = None, as_json: AsJson = False) -> None:
    """Compare the archive with the live events; exit code 1 names streams that were changed or cut off.

    Streams whose time in the archive is over, on record, are counted and are no finding.
    """
    from penstock.events.recovery import verify as compare
    from penstock.retention.expiry import expired_streams

    owner = account(stage)
    outputs = owner.outputs("Data")
    with _told(stage):
        store = _store(owner, outputs["EventsTable"], outputs["PayloadsBucket"])
        report = compare(_archive(owner, folder), store, expired_streams(store, store.streams()))
    _end(report, as_json)


@app.command()
def restore(
    to_table: Annotated[str, typer.Option(metavar="TABLE", help="An events table that has none of the streams yet")],
    stage: Stage = LOCAL,
    folder: From = None,
    as_json: AsJson = False,
) -> None:
    """Bring every archived event back into a table, and read it back; exit code 1 names what could not be.

    Large commits go to the stage's payloads bucket. Whatever listens to the table's stream hears everything again.
    """
    from penstock.events.recovery import restore as bring_back

    owner = account(stage)
    with _told(stage):
        target = _store(owner, to_table, owner.outputs("Data")["PayloadsBucket"])
        report = bring_back(_archive(owner, folder), target)
    _end(report, as_json)


@contextmanager
def _files(stage: str, folder: Path | None, matches: Callable[["Segment"], bool]) -> Iterator[list[Path]]:
    """The objects that match, as files: those of the folder, or fetched for as long as the context is open."""
    if folder:
        from penstock.events.archive_folder import FolderArchive

        yield [folder / key for key in _matching(FolderArchive(folder), matches)]
        return
    with TemporaryDirectory(prefix="penstock-archive-") as home, _told(stage):
        archive = _archive(account(stage), None)
        files = []
        for place, key in enumerate(_matching(archive, matches)):
            files.append(Path(home) / f"{place}.jsonl.zst")
            files[-1].write_bytes(archive.get(key))
        yield files


def _matching(archive: "Archive", matches: Callable[["Segment"], bool]) -> list[str]:
    from penstock.events.archive import DamagedSegment, Segment

    def segments() -> Iterator["Segment"]:
        for key in archive.names():
            try:
                yield Segment.parse(key)
            except DamagedSegment as damage:
                say(f"left out: {damage}")

    found = [segment.key for segment in islice(filter(matches, segments()), MOST_OBJECTS + 1)]
    if len(found) > MOST_OBJECTS:
        raise WrongUse(f"more than {MOST_OBJECTS} objects match: narrow them by --tenant, --day or --kind")
    if not found:
        raise Failure("the archive holds nothing that matches")
    return found


def _archive(owner: Account, folder: Path | None) -> "Archive":
    if folder:
        from penstock.events.archive_folder import FolderArchive

        return FolderArchive(folder)
    from penstock.aws.archive import S3Archive

    return S3Archive(owner.client("s3"), owner.outputs("Data")["ArchiveBucket"])


def _store(owner: Account, name: str, payloads: str) -> "CopyableEventStore":
    from penstock.aws.archive import CopyableEventStore
    from penstock.aws.payloads import Payloads

    return CopyableEventStore(owner.client("dynamodb"), name, Payloads(owner.client("s3"), payloads))


@contextmanager
def _told(stage: str) -> Iterator[None]:
    """Turns what the stores raise into a Failure that names the stage."""
    from penstock.events import EventStoreError

    try:
        with calls(stage):
            yield
    except EventStoreError as error:
        raise Failure(f"stage {stage}: {error}") from error


def _end(report: "Report", as_json: bool) -> None:
    show(asdict(report), as_json, lambda console: _tell(console, report))
    raise typer.Exit(int(bool(report.findings)))


def _tell(console: "Console", report: "Report") -> None:
    rows: list[tuple[Any, ...]] = [(each.where, each.commit or None, each.reason) for each in report.findings]
    counts = f"{report.streams} streams, {report.commits} commits, {report.events} events are in both"
    console.print(plain(f"{counts}; {report.behind} commits are not archived yet"))
    if report.expired:
        console.print(plain(f"{report.expired} streams were deleted from the archive when their time was over"))
    if rows:
        console.print(table(("where", "commit", "what"), rows))
