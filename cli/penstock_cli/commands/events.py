"""penstock events: any stream, event by event, and what it had come to at any point."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

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
