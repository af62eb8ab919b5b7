"""penstock metrics: how often, how long and how badly workflows and sagas ran."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Url, connect, segment
from penstock_cli.output import AsJson, show, table

if TYPE_CHECKING:
    from rich.console import Console

_RUNS = ("started", "completed", "failed", "cancelled", "retried", "error_rate", "per_hour")
_NODES = ("runs", "failures", "retries", "error_rate")
_TIMES = ("p50_ms", "p95_ms", "p99_ms")


def metrics(
    name: Annotated[str | None, typer.Argument(metavar="[WORKFLOW]", help="Its id; all of them when left out")] = None,
    sagas: Annotated[bool, typer.Option("--sagas", help="Of sagas instead of workflows")] = False,
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="RFC 3339; a day ago if left out")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="At most 31 days later; else now")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show counts, error rates and durations: of all workflows, or of one by the hour and by the node."""
    path = f"/v1/metrics/{'sagas' if sagas else 'workflows'}{f'/{segment(name)}' if name else ''}"
    with connect(url, api_key) as api:
        found = api.get(path, {"from": start, "to": end})
    show(found, as_json, lambda console: _tell(console, found, name))


def _tell(console: "Console", found: dict[str, Any], name: str | None) -> None:
    title = f"{found['from']} to {found['to']}"
    if name is None:
        console.print(_table("id", (*_RUNS, *_TIMES), found["items"], title))
        return
    console.print(_table("hour", (*_RUNS, *_TIMES), [*found["hours"], {"hour": "all", **found}], title))
    console.print()
    console.print(_table("node", (*_NODES, *_TIMES), found["nodes"]))


def _table(first: str, columns: tuple[str, ...], entries: list[dict[str, Any]], title: str | None = None) -> Any:
    return table((first, *columns), [[entry[column] for column in (first, *columns)] for entry in entries], title=title)


COMMANDS = (metrics,)
