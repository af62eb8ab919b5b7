"""penstock retention: how long the archive keeps what, by tenant and kind of stream."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Url, connect, segment
from penstock_cli.errors import WrongUse
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="retention", help="Say how long the archive keeps what.", no_args_is_help=True)
RULES = "/v1/retention/rules"
Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="The kind of stream; '*' for all without a rule of their own")
]
Reason = Annotated[str, typer.Option(help="Why; it stays on record")]


@app.command("show")
def read(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show your rules, and what is kept where there is none."""
    with connect(url, api_key) as api:
        found = api.get("/v1/retention")
    show(found, as_json, lambda console: _tell(console, found))


@app.command("set")
def change(
    kind: Kind,
    reason: Reason,
    days: Annotated[int | None, typer.Option(min=1, help="How many days")] = None,
    years: Annotated[int | None, typer.Option(min=1, max=100, help="How many years, instead of days")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Keep a kind for so long, then delete it. Longer counts for what is archived already, shorter for what comes."""
    if (days is None) == (years is None):
        raise WrongUse("--days, --years: name one of them")
    term = {"days": days} if days else {"years": years}
    with connect(url, api_key) as api:
        api.put(f"{RULES}/{segment(kind)}", {**term, "reason": reason})
    show({"kind": kind, **term}, as_json, lambda console: console.print(plain(f"{kind} is kept so long from now on")))


@app.command()
def clear(kind: Kind, reason: Reason, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Take a kind's own rule away. What is archived keeps the lock that it has."""
    with connect(url, api_key) as api:
        api.delete(f"{RULES}/{segment(kind)}", {"reason": reason})
    show({"cleared": kind}, as_json, lambda console: console.print(plain(f"{kind} has no rule of its own any more")))


def _tell(console: "Console", found: dict[str, Any]) -> None:
    console.print(plain(f"this stage keeps everything for {found['floor_days']} days; {found['holds']} holds in force"))
    console.print(table(("kind", "days"), [(rule["kind"], rule["days"]) for rule in found["rules"]]))
