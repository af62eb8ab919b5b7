"""penstock events: any stream, event by event, and what it had come to at any point."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

app = typer.Typer(name="events", help="Read any stream of events.", no_args_is_help=True)
Kind = Annotated[str, typer.Argument(metavar="KIND", help="The kind of stream: workflow, execution, hl7_message …")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="What it is the stream of: an id")]
_WIDEST = 110


@app.command()
def read(
    kind: Kind,
    key: Key,
    after: Annotated[int, typer.Option(min=0, help="Only what happened after this event")] = 0,
    limit: Limit = 1_000,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Read a stream's events, oldest first."""
    with connect(url, api_key) as api:
        path = f"/v1/events/{segment(kind)}/{segment(key)}"
        found = api.pages(path, limit, {"after_version": after}, cursor="after_version")
    rows = [(each["version"], each["time"], each["type"], each["actor"], _short(each["data"])) for each in found]
    columns = ("version", "time", "type", "actor", "data")
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command()
def state(
    kind: Kind,
    key: Key,
    version: Annotated[int | None, typer.Option(min=1, help="As it was after that many events")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As it was then: RFC 3339")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show what a stream came to: now, at a version, or at a time."""
    with connect(url, api_key) as api:
        path = f"/v1/events/{segment(kind)}/{segment(key)}/state"
        found = api.get(path, {"version": version, "time": at})
    show(found, as_json, lambda console: _tell(console, found))


@app.command()
def diff(
    kind: Kind,
    key: Key,
    before: Annotated[int, typer.Option("--from", min=1, help="The earlier point: a version")],
    after: Annotated[int | None, typer.Option("--to", min=1, help="The later one; now when left out")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two points of a stream."""
    with connect(url, api_key) as api:
        path = f"/v1/events/{segment(kind)}/{segment(key)}/difference"
        found = api.get(path, {"from_version": before, "to_version": after})
    show(found, as_json, lambda console: console.print(_changes(found)))


@app.command("what-if")
def what_if(
    kind: Kind,
    key: Key,
    without: Annotated[list[int], typer.Option(min=1, help="Leave the event of this version out; may be repeated")],
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show what a stream would have come to without some of its events. Nothing is written."""
    with connect(url, api_key) as api:
        path = f"/v1/events/{segment(kind)}/{segment(key)}/what-if"
        found = api.post(path, {"without": without}, is_repeatable=False)
    show(found, as_json, lambda console: console.print(_changes(found)))


@app.command()
def verify(kind: Kind, key: Key, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Check that a stream is as it was written; exit code 1 names the first commit that is not."""
    with connect(url, api_key) as api:
        found = api.get(f"/v1/events/{segment(kind)}/{segment(key)}/verification")
    verdict = f"commit {found['first_bad_commit']}: {found['reason']}" if found["reason"] else "nobody touched it"
    show(found, as_json, lambda console: console.print(f"{found['commits']} commits hold; {verdict}"))
    raise typer.Exit(int(not found["holds"]))


def _changes(found: dict[str, Any]) -> "Table":
    rows = [
        (projection, change["path"], _short(change["before"]), _short(change["after"]))
        for projection, changes in found["changes"].items()
        for change in changes
    ]
    return table(("read model", "path", "before", "after"), rows)


def _tell(console: "Console", found: dict[str, Any]) -> None:
    import orjson

    console.print(f"{found['kind']} {plain(found['key'])} at version {found['version']}, {found['time']}", style="bold")
    for name, document in found["documents"].items():
        console.print(name, style="bold")
        console.print(plain(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()))


def _short(data: Any) -> str:
    import orjson

    text = orjson.dumps(data).decode()
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
