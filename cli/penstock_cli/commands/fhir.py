"""penstock fhir: validate FHIR R4 resources, and look into them with FHIRPath."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli import conversion
from penstock_cli.errors import Failure, WrongUse
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="fhir", help="Validate FHIR R4 resources, and look into them.", no_args_is_help=True)
app.command("to-hl7")(conversion.to_hl7)


@app.command()
def validate(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files or folders of JSON or XML; - is standard input")
    ],
    profile: Annotated[
        list[str] | None, typer.Option(metavar="URL|FILE", help="A profile that they must conform to")
    ] = None,
    definitions: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="More profiles, extensions, value sets and code systems")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only what has errors, and only errors")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell all that is wrong with resources; exit code 1 when one is not valid FHIR R4."""
    from penstock_cli.resources import sources, with_profiles
    from penstock_healthcare.fhir.errors import InvalidResource, NoDefinitions
    from penstock_healthcare.fhir.validation import is_valid, operation_outcome
    from penstock_healthcare.fhir.validation.validator import Validator

    reports: list[dict[str, Any]] = []
    try:
        known, urls = with_profiles(profile or (), definitions or ())
        validator = Validator(known)
        for source in sources(paths):
            found = validator.validate_text(source.content, urls)
            fine = is_valid(found)
            kept = [each for each in found if each.severity == "error"] if quiet else found
            reports.append({"file": source.file, "valid": fine, "outcome": operation_outcome(kept)})
    except InvalidResource as error:
        raise WrongUse(str(error)) from error
    except NoDefinitions as error:
        raise Failure(str(error)) from error
    shown = [each for each in reports if not (quiet and each["valid"])]
    show(shown, as_json, lambda console: _tell(console, shown, len(reports)))
    raise typer.Exit(int(any(not each["valid"] for each in reports)))


@app.command()
def path(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="FHIRPath: Patient.name.where(use = 'official')")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A resource in JSON or XML; - is standard input")],
    as_json: AsJson = False,
) -> None:
    """Show what a FHIRPath expression finds in a resource; exit code 1 when it finds nothing."""
    from penstock_cli.resources import resource_in
    from penstock_healthcare.fhir.definitions import r4
    from penstock_healthcare.fhir.errors import NoDefinitions
    from penstock_healthcare.fhir.node import tree
    from penstock_healthcare.fhir.path import BadExpression, PathError, compiled, evaluate
    from penstock_healthcare.fhir.path.results import described

    try:
        compiled(expression)
        root = tree(resource_in(file), r4())
        if root is None:
            raise WrongUse(f"{file}: resourceType must name a type of resource in FHIR R4")
        found = [described(each) for each in evaluate(expression, root)]
    except BadExpression as error:
        raise WrongUse(f"the expression: {error}") from error
    except (PathError, NoDefinitions) as error:
        raise Failure(str(error)) from error
    show(found, as_json, lambda console: _tell_found(console, found))
    raise typer.Exit(int(not found))


def _tell(console: "Console", reports: list[dict[str, Any]], count: int) -> None:
    for report in reports:
        issues = [each for each in report["outcome"]["issue"] if each["code"] != "informational"]
        verdict = "valid" if report["valid"] else "not valid"
        console.print(plain(f"{report['file']}: {verdict}"), style="green" if report["valid"] else "red")
        if issues:
            console.print(table(("severity", "where", "rule", "what"), [_row(each) for each in issues]))
    wrong = sum(not each["valid"] for each in reports)
    if count > 1:
        console.print(f"{count} resources, {wrong} not valid", style="bold")


def _row(issue: dict[str, Any]) -> tuple[str, ...]:
    details = issue["details"]
    return issue["severity"], issue.get("expression", [""])[0], details["coding"][0]["code"], details["text"]


def _tell_found(console: "Console", found: list[dict[str, Any]]) -> None:
    import json

    rows = [(each["path"], each["type"], _text(each["value"], json)) for each in found]
    console.print(table(("path", "type", "value"), rows) if rows else "nothing found")


def _text(value: Any, json: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
