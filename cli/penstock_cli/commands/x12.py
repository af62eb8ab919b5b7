"""penstock x12: check X12 interchanges, and show what they and their answers say."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_cli.interchanges import Found

app = typer.Typer(
    name="x12", help="Check and show X12 interchanges: 270, 271, 278, 999 and others.", no_args_is_help=True
)
Files = Annotated[list[str], typer.Argument(metavar="PATH…", help="Interchanges, folders; - is standard input")]


@app.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Tell of each interchange whether it was read, comes back byte for byte, and what is wrong with its envelope.

    Exit code 1 on any error or warning.
    """
    from penstock_cli import interchanges

    reports = [interchanges.report(found) for found in interchanges.found_in(files)]
    show(reports, as_json, lambda console: _tell_findings(console, reports))
    raise typer.Exit(int(any(map(interchanges.is_serious, reports))))


@app.command("show")
def read(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Interchanges; - is standard input")],
    as_json: AsJson = False,
) -> None:
    """Show interchanges segment by segment; exit code 1 when one cannot be read."""
    from penstock_cli import interchanges
    from penstock_healthcare.x12 import to_json

    found = list(interchanges.found_in([file]))
    documents = [to_json(each.interchange) if each.interchange else {"error": str(each.error)} for each in found]
    show(documents, as_json, lambda console: _tell_segments(console, found))
    raise typer.Exit(int(any(each.interchange is None for each in found)))


def _tell_findings(console: "Console", reports: list[dict[str, Any]]) -> None:
    for entry in reports:
        name = " ".join(filter(None, (entry["file"], *entry["sets"][:10], entry["control_id"])))
        count = len(entry["findings"])
        kept = "" if entry["identical"] or not entry["parsed"] else ", not the same bytes again"
        told = f"{count} findings" if count else "nothing to find"
        console.print(plain(f"{name}: {told}{kept}"), style="bold")
        if count:
            columns = ("position", "path", "severity", "rule", "message")
            console.print(table(columns, [[each[column] for column in columns] for each in entry["findings"]]))


def _tell_segments(console: "Console", found: "list[Found]") -> None:
    from penstock_cli.interchanges import rows, title

    for each in found:
        if each.interchange is None:
            console.print(plain(f"{each.file}: {each.error}"), style="red")
        else:
            console.print(plain(title(each.interchange)), style="bold")
            console.print(table(("place", "segment", "elements"), rows(each.interchange)))
