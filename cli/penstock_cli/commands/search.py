"""penstock search: workflows, node types, executions and errors, found by words."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Url, connect
from penstock_cli.output import AsJson, plain, show

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

FACETS = ("type", "status", "error", "workflow")
_MATCH = "bold yellow"
Words = Annotated[
    list[str], typer.Argument(metavar="TEXT…", help='Words, "a phrase", -without, field:value; after -- if one has a -')
]


def search(
    text: Words,
    kind: Annotated[str | None, typer.Option("--type", help="workflow, node_type, execution or error")] = None,
    status: Annotated[str | None, typer.Option(help="Only what stands there")] = None,
    workflow: Annotated[str | None, typer.Option(help="The id of the workflow that it is about")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most")] = 10,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Find workflows, node types, executions and errors, slips of the finger forgiven; exit code 1 for nothing."""
    query = {"q": " ".join(text), "type": kind, "status": status, "workflow": workflow, "limit": limit}
    with connect(url, api_key) as api:
        found = api.get("/v1/search", {**query, "facets": ",".join(FACETS)})
    show(found, as_json, lambda console: _tell(console, found))
    raise typer.Exit(int(not found["items"]))


COMMANDS = (search,)


def _tell(console: "Console", found: Mapping[str, Any]) -> None:
    for word, near in found["corrected"].items():
        console.print(plain(f"nothing has {word}; these do: {', '.join(near)}"), style="italic")
    for item in found["items"]:
        line = _marked(item["title"])
        line.append(plain(f"  {item['type']}  {' '.join(item['fields'].get('status', ()))}"), style="dim")
        console.print(line)
        if item["snippet"]:
            console.print(_marked(item["snippet"]), soft_wrap=True)
        console.print(plain(f"{item['time'] or ''}  {item['url']}".strip()), style="dim", soft_wrap=True)
        console.print()
    console.print(f"{len(found['items'])} of {found['total']}", style="bold")
    for name, values in found["facets"].items():
        if values:
            console.print(plain(f"{name}: {_counts(values)}"), soft_wrap=True)


def _marked(parts: Iterable[Mapping[str, Any]]) -> "Text":
    """The text with its matches in another style; line breaks are spaces here."""
    from rich.text import Text

    line = Text()
    for part in parts:
        line.append(plain(part["text"]).replace("\n", " "), style=_MATCH if part["match"] else "")
    return line


def _counts(values: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{each['value']} {each['count']}" for each in values)
