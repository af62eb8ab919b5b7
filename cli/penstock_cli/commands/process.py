"""penstock process: choreographies that react to events; their definitions, and their instances."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import WrongUse
from penstock_cli.files import read_json
from penstock_cli.output import AsJson, show, table

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(name="process", help="Write processes that react to events; watch and mend their instances.")
PROCESSES, INSTANCES = "/v1/processes", "/v1/processes/instances"
File = Annotated[str, typer.Argument(metavar="FILE", help="A definition in JSON, or - for stdin")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The process's id")]
Instance = Annotated[str, typer.Argument(metavar="INSTANCE", help="The instance's id")]
Reason = Annotated[str, typer.Option(help="Why; it stays on record")]
Status = Annotated[str | None, typer.Option(help="Only those that stand there")]


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Process definitions in JSON")],
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with definitions, each problem with its place, without a platform."""
    from penstock.processes.validation import validate as problems_of
    from penstock.workflows.catalogue import catalogue

    found = {file: problems_of(read_json(file), catalogue()) for file in files}
    rows = [(file, each.path, each.message) for file, problems in found.items() for each in problems]
    report = [
        {
            "file": file,
            "valid": not problems,
            "problems": [{"path": each.path, "rule": each.rule, "message": each.message} for each in problems],
        }
        for file, problems in found.items()
    ]
    show(report, as_json, lambda console: console.print(table(("file", "place", "problem"), rows) if rows else "valid"))
    raise typer.Exit(int(bool(rows)))


@app.command("list")
def browse(
    status: Status = None, limit: Limit = 50, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """List processes."""
    with connect(url, api_key) as api:
        found = api.pages(PROCESSES, limit, {"status": status})
    columns = ("id", "name", "status", "version", "updated_at")
    _list(found, columns, as_json)


@app.command()
def library(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List the processes that come with the platform."""
    with connect(url, api_key) as api:
        found = api.get(f"{PROCESSES}/library")
    _list(found, ("id", "wing", "name", "description"), as_json)


@app.command()
def adopt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The id of a process of the library")],
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Have a process of the library as your own, published."""
    with connect(url, api_key) as api:
        found = api.post(f"{PROCESSES}/library/{segment(name)}/adopt")
    _tell_definition(found, as_json)


@app.command()
def create(
    file: File,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Create a process from a file."""
    document = _document(file)
    with connect(url, api_key) as api:
        found = api.post(PROCESSES, document)
        if publish:
            found = api.post(f"{PROCESSES}/{segment(found['id'])}/publish")
    _tell_definition(found, as_json)


@app.command()
def change(process: Id, file: File, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Replace a process's draft by a file. What is published stays as it is."""
    document = _document(file)
    with connect(url, api_key) as api:
        found = api.put(f"{PROCESSES}/{segment(process)}", document)
    _tell_definition(found, as_json)


@app.command("publish")
def make_version(process: Id, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Make the draft a version: from now on events start instances of it."""
    _settle_definition(process, "publish", url, api_key, as_json)


@app.command()
def archive(process: Id, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Start no more instances. Those that run go on."""
    _settle_definition(process, "archive", url, api_key, as_json)


@app.command()
def instances(
    process: Annotated[str | None, typer.Option(metavar="ID", help="Only this process's")] = None,
    status: Status = None,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List instances, newest first; exit code 1 when one of them waits for a person."""
    with connect(url, api_key) as api:
        found = api.pages(INSTANCES, limit, {"process": process, "status": status})
    _list(found, ("id", "name", "status", "state", "deadline", "correlation", "reason"), as_json)
    raise typer.Exit(int(any(each["status"] == "needs_attention" for each in found)))


@app.command("show")
def inspect(instance: Instance, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show where an instance stands, and what it has done."""
    with connect(url, api_key) as api:
        found = api.get(f"{INSTANCES}/{segment(instance)}")
    _tell_instance(found, as_json)


@app.command()
def cancel(
    instance: Instance, reason: Reason, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Undo what an instance has done, the last first, and end it."""
    _settle_instance(instance, "cancel", {"reason": reason}, url, api_key, as_json)


@app.command()
def resume(
    instance: Instance, reason: Reason, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Send an instance on that waits for a person; what is stuck is tried again."""
    _settle_instance(instance, "resume", {"reason": reason}, url, api_key, as_json)


@app.command()
def resolve(
    instance: Instance,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="The stuck action that was undone by hand")],
    reason: Reason,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Say that a stuck action was undone by hand, and send the instance on."""
    _settle_instance(instance, "resolve", {"action": action, "reason": reason}, url, api_key, as_json)


def _settle_definition(process: str, verb: str, url: str | None, api_key: str | None, as_json: bool) -> None:
    with connect(url, api_key) as api:
        found = api.post(f"{PROCESSES}/{segment(process)}/{verb}")
    _tell_definition(found, as_json)


def _settle_instance(
    instance: str, verb: str, body: dict[str, str], url: str | None, api_key: str | None, as_json: bool
) -> None:
    with connect(url, api_key) as api:
        found = api.post(f"{INSTANCES}/{segment(instance)}/{verb}", body)
    _tell_instance(found, as_json)


def _document(file: str) -> dict[str, Any]:
    value = read_json(file)
    if not isinstance(value, dict):
        raise WrongUse(f"{file}: a process is a JSON object")
    return value


def _list(found: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    rows = [[each[column] for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


def _tell_definition(found: dict[str, Any], as_json: bool) -> None:
    def render(console: "Console") -> None:
        names = ("id", "status", "version")
        console.print(table(("name", found["definition"]["name"]), [(name, found[name]) for name in names]))

    show(found, as_json, render)


def _tell_instance(found: dict[str, Any], as_json: bool) -> None:
    def render(console: "Console") -> None:
        names = ("name", "status", "state", "deadline", "reason", "correlation", "started_by")
        console.print(table(("instance", found["id"]), [(name, found[name]) for name in names]))
        columns = ("run", "status", "attempts", "compensation", "compensation_attempts", "error")
        console.print(table(columns, [[_shown(each[column]) for column in columns] for each in found["actions"]]))

    show(found, as_json, render)


def _shown(value: Any) -> Any:
    return f"{value.get('type')}: {value.get('message')}" if isinstance(value, dict) else value
