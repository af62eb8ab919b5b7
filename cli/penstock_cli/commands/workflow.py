"""penstock workflow: check and run definitions here, keep and publish them on the platform."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import WrongUse
from penstock_cli.files import read_definition, read_items
from penstock_cli.output import AsJson, plain, say, show, table, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from penstock.workflows.errors import Problem
    from penstock.workflows.node import NodeType

app = typer.Typer(name="workflow", help="Check, run, publish and list workflows.", no_args_is_help=True)
File = Annotated[str, typer.Argument(metavar="FILE", help="A definition in JSON, - for stdin, or a sample's id")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The workflow's id")]


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Workflow definitions in JSON")],
    as_json: AsJson = False,
) -> None:
    """Tell every problem of definitions at once, each with its place."""
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.validation import validate as problems_of

    report_problems({file: problems_of(read_definition(file), catalogue()) for file in files}, as_json)


def report_problems(found: Mapping[str, Sequence["Problem"]], as_json: bool) -> None:
    """Tell the problems of each file; exit code 1 when there are any."""
    report = [
        {
            "file": file,
            "valid": not problems,
            "problems": [{"path": each.path, "rule": each.rule, "message": each.message} for each in problems],
        }
        for file, problems in found.items()
    ]
    show(report, as_json, lambda console: _tell_problems(console, report))
    raise typer.Exit(int(any(found.values())))


@app.command()
def nodes(
    name: Annotated[str | None, typer.Argument(metavar="TYPE", help="One node type; all of them when left out")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the node types that a workflow can be made of, or what one of them does and takes."""
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.manifest import describe

    known = catalogue()
    if name is None:
        rows = [
            (each.name, each.kind, _ports(each.inputs), _ports(each.outputs), each.description.partition("\n")[0])
            for each in known.values()
        ]
        columns = ("type", "kind", "inputs", "outputs", "what it does")
        show([describe(each) for each in known.values()], as_json, lambda console: console.print(table(columns, rows)))
        return
    if name not in known:
        raise WrongUse(f"there is no node type {name}; `penstock workflow nodes` lists them")
    found = known[name]
    show(describe(found), as_json, lambda console: _tell_type(console, found))


def _ports(names: tuple[str, ...]) -> str:
    return " ".join(names) or "–"


def _tell_type(console: "Console", found: "NodeType") -> None:
    console.print(f"{found.name}  ({found.kind}: {_ports(found.inputs)} → {_ports(found.outputs)})", style="bold")
    console.print(found.description)
    required = set(found.schema.get("required", ()))
    rows = [
        (parameter, "required" if parameter in required else "", rule.get("description", ""))
        for parameter, rule in found.schema.get("properties", {}).items()
    ]
    if rows:
        console.print(table(("parameter", "", "what it means"), rows))


@app.command()
def run(
    file: File,
    input_file: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Items: JSON, - for stdin, or a message *.hl7")
    ] = None,
    var: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Set a variable: JSON, or text")] = None,
    trigger: Annotated[str | None, typer.Option(metavar="NODE", help="The trigger to start from")] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE=ANSWER", help="Answer a waiting node: approve, reject, or JSON"),
    ] = None,
    also: Annotated[
        list[str] | None, typer.Option(metavar="ID=FILE", help="Another workflow, for sub-workflow nodes")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Print each event as it happens")] = False,
    fast_forward: Annotated[bool, typer.Option("--fast-forward", help="Jump over waits and time-outs")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds to run at most")] = 600,
    as_json: AsJson = False,
) -> None:
    """Run a workflow in this process, in memory: nothing is needed, nothing is kept.

    Waits of up to a minute are waited for. Where somebody must answer, the terminal asks; without one the execution
    is left waiting, and how to answer it is said.
    """
    from penstock_cli import trial_run

    trial = trial_run.prepare(
        file,
        variables=var or (),
        also=also or (),
        answers=answer or (),
        fast_forward=fast_forward,
        follow=follow and not as_json,
    )
    items = read_items(input_file) if input_file else [{}]
    report = trial_run.run(trial, items, trigger, timeout)
    if as_json:
        write_json(report.document())
    else:
        report.tell(with_timeline=not follow)
    raise typer.Exit(int(report.has_failed))


@app.command("list")
def browse(
    status: Annotated[str | None, typer.Option(help="draft, published or archived")] = None,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the platform's workflows, newest first."""
    with connect(url, api_key) as api:
        found = api.pages("/v1/workflows", limit, {"status": status})
    columns = ("id", "name", "status", "revision", "nodes", "updated_at")
    rows = [[each.get(column) for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command("show")
def read(id_: Id, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show a workflow: where it stands, its nodes, its published versions."""
    with connect(url, api_key) as api:
        workflow = api.get(f"/v1/workflows/{segment(id_)}")
        versions = api.get(f"/v1/workflows/{segment(id_)}/versions")
    show({**workflow, "versions": versions}, as_json, lambda console: _tell_workflow(console, workflow, versions))


@app.command()
def create(
    file: File,
    publish_it: Annotated[bool, typer.Option("--publish", help="Publish it at once")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Create a workflow on the platform from a definition or an export."""
    definition = read_definition(file)
    with connect(url, api_key) as api:
        workflow = api.post("/v1/workflows", definition)
        if publish_it:
            workflow = api.post(f"/v1/workflows/{workflow['id']}/publish")
    show(workflow, as_json, lambda console: console.print(f"{workflow['id']} {workflow['status']}"))


@app.command()
def publish(id_: Id, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Publish a workflow's draft: executions start from it."""
    with connect(url, api_key) as api:
        workflow = api.post(f"/v1/workflows/{segment(id_)}/publish")
    show(workflow, as_json, lambda console: console.print(f"{workflow['id']} version {workflow['version']}"))


@app.command()
def export(
    id_: Id,
    output: Annotated[Path | None, typer.Option(help="The file to write; standard output when left out")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,  # noqa: ARG001 - an export is JSON either way
) -> None:
    """Export a workflow as a file that another account can import."""
    with connect(url, api_key) as api:
        document = api.get(f"/v1/workflows/{segment(id_)}/export")
    if output is None:
        write_json(document)
        return
    _write(output, document)
    say(f"written to {output}")


def _write(file: Path, document: Any) -> None:
    import orjson

    try:
        file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise WrongUse(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error


def _tell_problems(console: "Console", report: list[dict[str, Any]]) -> None:
    for entry in report:
        count = len(entry["problems"])
        verdict = "can run" if entry["valid"] else f"{count} problem{'s' if count > 1 else ''}"
        console.print(f"{plain(entry['file'])}: {verdict}", style="green" if entry["valid"] else "red")
        if not entry["valid"]:
            rows = [(each["path"], each["rule"], each["message"]) for each in entry["problems"]]
            console.print(table(("path", "rule", "message"), rows))


def _tell_workflow(console: "Console", workflow: dict[str, Any], versions: list[dict[str, Any]]) -> None:
    definition = workflow["definition"]
    console.print(f"{plain(definition['name'])}  {workflow['status']}, revision {workflow['revision']}", style="bold")
    nodes = [(node["name"], node["type"]) for node in definition["nodes"]]
    console.print(table(("node", "type"), nodes))
    if versions:
        rows = [(each["number"], each["revision"], each["published_at"]) for each in versions]
        console.print(table(("version", "revision", "published"), rows))
