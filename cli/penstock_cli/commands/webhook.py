"""penstock webhook: where events are sent, and how that goes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import WrongUse
from penstock_cli.files import read_json
from penstock_cli.output import AsJson, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="webhook", help="Send events to your endpoints, signed.", no_args_is_help=True)
BASE = "/v1/webhooks"
Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id")]


@app.command("list")
def browse(limit: Limit = 50, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List webhooks, newest first."""
    with connect(url, api_key) as api:
        found = api.pages(BASE, limit)
    columns = ("id", "url", "status", "description", "updated_at")
    rows = [[each[column] for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command()
def create(
    target: Annotated[str, typer.Argument(metavar="URL", help="Where the events are sent")],
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="JSON: which events, as EventBridge writes patterns; else what workflows emit"
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Create a webhook, and print the secret that its signatures are verified by. It is shown once."""
    wanted = {"url": target, "description": description, **({"pattern": _pattern(pattern)} if pattern else {})}
    with connect(url, api_key) as api:
        made = api.post(BASE, wanted, is_repeatable=False)
    say("Keep this secret: it is not shown again.")
    show(made, as_json, lambda console: console.print(f"{made['id']}\n{made['secret']}", soft_wrap=True))


@app.command()
def delete(webhook: Webhook, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Delete a webhook: nothing is sent to it any more."""
    with connect(url, api_key) as api:
        api.delete(f"{BASE}/{segment(webhook)}")
    show({"deleted": webhook}, as_json, lambda console: console.print(f"{webhook} is deleted"))


@app.command("test")
def try_out(webhook: Webhook, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Send a webhook a test event and tell what came of it; exit code 1 when it was not delivered."""
    with connect(url, api_key) as api:
        told = api.post(f"{BASE}/{segment(webhook)}/test", is_repeatable=False)
    outcome = "delivered" if told["is_delivered"] else f"not delivered: {told['error']}"
    show(told, as_json, lambda console: console.print(f"{outcome}, after {told['duration_ms']} ms"))
    raise typer.Exit(int(not told["is_delivered"]))


@app.command()
def deliveries(
    webhook: Webhook,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most")] = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the last attempts at a webhook, newest first."""
    with connect(url, api_key) as api:
        found = api.get(f"{BASE}/{segment(webhook)}/deliveries", {"limit": limit})
    show(found, as_json, lambda console: _tell(console, found["items"]))


def _pattern(file: str) -> dict[str, Any]:
    pattern = read_json(file)
    if not isinstance(pattern, dict):
        raise WrongUse(f"{file}: a pattern is a JSON object")
    return pattern


def _tell(console: "Console", attempts: list[dict[str, Any]]) -> None:
    columns = ("at", "event", "type", "attempt", "status", "error", "duration_ms")
    console.print(table(columns, [[each[column] for column in columns] for each in attempts]))
