"""penstock hold: what must not be deleted until somebody says so, however old it is."""

from typing import Annotated

import typer

from penstock_cli.connection import ApiKey, Url, connect, segment
from penstock_cli.output import AsJson, plain, show, table

app = typer.Typer(name="hold", help="Place and lift legal holds on the archive.", no_args_is_help=True)
HOLDS = "/v1/retention/holds"
Reason = Annotated[str, typer.Option(help="Why; it stays on record")]


@app.command()
def place(
    reason: Reason,
    kind: Annotated[str, typer.Option(help="Only streams of this kind")] = "*",
    key: Annotated[str, typer.Option(help="Only the stream of this key, of that kind")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Hold everything, a kind, or one stream."""
    with connect(url, api_key) as api:
        made = api.post(HOLDS, {"kind": kind, "key": key, "reason": reason})
    show(made, as_json, lambda console: console.print(plain(f"hold {made['id']} is in force")))


@app.command()
def lift(
    hold: Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id")],
    reason: Reason,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """End a hold. What another one covers stays held."""
    with connect(url, api_key) as api:
        api.delete(f"{HOLDS}/{segment(hold)}", {"reason": reason})
    show({"lifted": hold}, as_json, lambda console: console.print(plain(f"hold {hold} is lifted")))


@app.command("list")
def browse(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List the holds in force."""
    with connect(url, api_key) as api:
        found = api.get(HOLDS)
    columns = ("id", "kind", "key", "reason", "placed_by", "placed_at")
    rows = [[each[column] for column in columns] for each in found["items"]]
    show(found, as_json, lambda console: console.print(table(columns, rows)))
