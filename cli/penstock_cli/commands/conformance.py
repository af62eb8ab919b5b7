"""penstock conformance: what public corpora say of a wing."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli import checkout
from penstock_cli.errors import WrongUse
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_cli.conformance import Figure, Section

CORPORA = Path("shared") / "corpora"


def conformance(
    wing: Annotated[str, typer.Argument(help="healthcare, …")],
    corpora: Annotated[Path | None, typer.Option(help="Their folder; beside the checkout when left out")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a wing against public corpora and print the figures; exit code 1 when one falls short of its bar."""
    from penstock_cli.conformance import sections

    found = sections(wing)
    if not found:
        raise WrongUse(f"{wing}: no wing with conformance figures has this name")
    folder = corpora or checkout.find().parent / CORPORA
    measured = [(section, list(section.measure(folder))) for section in found]
    show([_entry(*each) for each in measured], as_json, lambda console: _tell(console, measured, folder))
    raise typer.Exit(int(any(figure.falls_short for _, figures in measured for figure in figures)))


COMMANDS = (conformance,)


def _entry(section: "Section", figures: "list[Figure]") -> dict[str, Any]:
    return {"section": section.title, "figures": [asdict(each) for each in figures]}


def _tell(console: "Console", measured: "list[tuple[Section, list[Figure]]]", folder: Path) -> None:
    for section, figures in measured:
        if not figures:
            console.print(plain(f"{section.title}: skipped, the corpus is not below {folder}"))
            continue
        rows = [
            [each.what, f"{each.count}/{each.total}", "" if each.least is None else each.least, _verdict(each)]
            for each in figures
        ]
        console.print(table(("what", "count", "bar", ""), rows, title=section.title))


def _verdict(figure: "Figure") -> str:
    return "falls short" if figure.falls_short else ""
