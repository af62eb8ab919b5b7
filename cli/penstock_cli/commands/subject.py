"""penstock subject: what is linked with a person, and forgetting it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Url, connect
from penstock_cli.output import AsJson, plain, show

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="subject", help="Find data subjects, and forget them.", no_args_is_help=True)
PATH = "/v1/subjects"
Identifier = Annotated[
    str, typer.Argument(metavar="IDENTIFIER", help="As it came in: 100234, LAKESIDE|100234 or Patient/123")
]


@app.command("show")
def find(identifier: Identifier, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show what is linked with a person: every stream that forgetting would make unreadable in part."""
    with connect(url, api_key) as api:
        found = api.post(f"{PATH}/find", {"identifier": identifier})
    show(found, as_json, lambda console: _tell(console, found))


@app.command()
def forget(
    identifier: Identifier,
    reason: Annotated[str, typer.Option(help="Why; it stays on record, and must not tell who is meant")],
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make all that is linked with a person unreadable, for good. Look at `show` first: nothing brings it back."""
    with connect(url, api_key) as api:
        found = api.post(f"{PATH}/forget", {"identifier": identifier, "reason": reason})
    show(found, as_json, lambda console: _tell(console, found))


def _tell(console: "Console", found: dict[str, Any]) -> None:
    for name in ("id", "is_linked", "forgotten_at", "reason", "streams_total"):
        console.print(plain(f"{name}: {found[name]}"))
    for stream in found["streams"]:
        console.print(plain(f"  {stream}"), soft_wrap=True)
