"""penstock projection: how far read models stand behind, and rebuilding them."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Url, connect, segment
from penstock_cli.errors import Failure
from penstock_cli.output import AsJson, say, show, table

if TYPE_CHECKING:
    from penstock_cli.api import Api

app = typer.Typer(name="projection", help="Look at read models, and rebuild them.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The projection's name")]
POLL_SECONDS = 2.0
COLUMNS = ("name", "kind", "generation", "behind", "lag_ms", "rebuild")


@app.command("list")
def browse(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List every read model with its lag, and how far its rebuild is."""
    with connect(url, api_key) as api:
        found = api.get("/v1/projections")
    _show(found, as_json)


@app.command()
def rebuild(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All of them when left out")] = None,
    wait: Annotated[int, typer.Option(min=0, max=86_400, help="Seconds to wait until it is shown")] = 0,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Fold the past anew. What is live is shown until the new rows are complete."""
    with connect(url, api_key) as api:
        begun = api.post(f"/v1/projections/{segment(name)}/rebuild" if name else "/v1/projections/rebuild")
        names = [each["name"] for each in (begun if isinstance(begun, list) else [begun]) if each["rebuild"]]
        found = _waited(api, names, wait)
    _show(found, as_json)
    if given_up := [each["name"] for each in found if each["abandoned"]]:
        raise Failure(f"given up: {', '.join(given_up)}")


@app.command()
def resume(name: Name, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Hand out again what is not done, after its cause to fail is mended."""
    with connect(url, api_key) as api:
        found = api.post(f"/v1/projections/{segment(name)}/rebuild/resume")
    _show([found], as_json)


@app.command()
def abandon(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; it stays on record")],
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Give a rebuild up. What is live stays."""
    with connect(url, api_key) as api:
        found = api.post(f"/v1/projections/{segment(name)}/rebuild/abandon", {"reason": reason})
    _show([found], as_json)


def _waited(api: "Api", names: list[str], seconds: int) -> list[dict[str, Any]]:
    """The projections once their rebuilds are over, or the time is."""
    end = time.monotonic() + seconds
    while True:
        found = [each for each in api.get("/v1/projections") if each["name"] in names]
        left = sum(each["rebuild"] is not None for each in found)
        if not left or time.monotonic() >= end:
            return found
        say(f"{left} of {len(names)} under way: {', '.join(_progress(each) for each in found if each['rebuild'])}")
        time.sleep(POLL_SECONDS)


def _progress(entry: dict[str, Any]) -> str:
    rebuild = entry["rebuild"]
    return f"{entry['name']} {rebuild['done']}/{rebuild['entries']}" if rebuild else ""


def _show(found: list[dict[str, Any]], as_json: bool) -> None:
    rows = [[*(each[column] for column in COLUMNS[:-1]), _progress(each)] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(COLUMNS, rows)))
