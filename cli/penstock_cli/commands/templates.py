"""penstock templates: compliance documents, looked at and filled in here."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.errors import Failure, WrongUse
from penstock_cli.files import read_json
from penstock_cli.output import AsJson, plain, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_healthcare.compliance.catalogue import Template

app = typer.Typer(name="templates", help="List, show and fill in compliance documents.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The template's id")]


@app.command("list")
def browse(as_json: AsJson = False) -> None:
    """List the templates."""
    from penstock_healthcare.compliance import templates

    found = [
        {"id": each.id, "title": each.header.title, "summary": each.header.summary} for each in templates().values()
    ]
    rows = [tuple(each.values()) for each in found]
    show(found, as_json, lambda console: console.print(table(("id", "title", "what it is for"), rows)))


@app.command("show")
def read(id_: Id, as_json: AsJson = False) -> None:
    """Show a template's fields, and the paragraphs of the regulation that it answers."""
    found = _template(id_)
    document = {"id": found.id, **found.header.model_dump(mode="json")}
    show(document, as_json, lambda console: _tell(console, found))


@app.command()
def render(
    id_: Id,
    data: Annotated[str, typer.Option(metavar="FILE", help="The fields' values in JSON, - for standard input")],
    html: Annotated[bool, typer.Option("--html", help="HTML instead of Markdown")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file to write; standard output when left out")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fill in a template; exit code 1 when fields are missing or wrong, each told."""
    from penstock_healthcare.compliance import WrongData
    from penstock_healthcare.compliance.rendering import fill

    found, given = _template(id_), read_json(data)
    if not isinstance(given, dict):
        raise WrongUse(f"{data}: must be a JSON object with a value for each field")
    try:
        document = fill(found, given)
    except WrongData as error:
        reasons = "".join(f"\n  {problem}" for problem in error.problems)
        raise Failure(f"{data}: the document cannot be made{reasons}") from error
    text = document.written("html" if html else "markdown")
    if output is not None:
        _write(output, text)
        say(f"written to {output}")
    told = {"template": document.template, "title": document.title, "answers": list(document.answers), "text": text}
    if as_json or output is None:
        show(told, as_json, lambda _: _print(text))


def _template(name: str) -> "Template":
    from penstock_healthcare.compliance import UnknownTemplate, template

    try:
        return template(name)
    except UnknownTemplate as error:
        raise WrongUse(f"{name}: {error}") from error


def _print(text: str) -> None:
    """As it is; the values have no control characters."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _write(file: Path, text: str) -> None:
    """A new file; one that is there stays."""
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise WrongUse(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error


def _tell(console: "Console", found: "Template") -> None:
    console.print(plain(found.header.title), style="bold")
    console.print(plain(found.header.summary))
    rows: list[tuple[Any, ...]] = []
    for name, rule in found.header.fields.items():
        rows.append((name, rule.type, "required" if rule.required else "", rule.about))
        rows += [(f"  = {option}", "", "", wording) for option, wording in rule.options.items()]
        rows += [
            (f"  .{key}", each.type, "required" if each.required else "", each.label)
            for key, each in rule.columns.items()
        ]
    console.print(table(("field", "type", "", "what it is"), rows))
    console.print(table(("paragraph", "asks for"), list(found.header.answers.items())))
