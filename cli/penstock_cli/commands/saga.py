"""penstock saga: write sagas of your own, and start, watch and mend the runs of all of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import ApiProblem, WrongUse
from penstock_cli.files import STANDARD_INPUT, read_json
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_cli.api import Api

app = typer.Typer(name="saga", help="Write sagas, and start, watch and mend their runs.", no_args_is_help=True)
File = Annotated[str, typer.Argument(metavar="FILE", help="A definition in JSON, or - for stdin")]
Saga = Annotated[str, typer.Argument(metavar="SAGA", help="The saga's id")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id")]
Reason = Annotated[str, typer.Option(help="Why; it stays on record")]
DEFINITIONS = "/v1/sagas/definitions"
NOT_FOUND = 404


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Saga definitions in JSON")],
    as_json: AsJson = False,
) -> None:
    """Tell every problem of definitions at once, each with its place. Nothing is sent anywhere."""
    from penstock.sagas.validation import validate as problems_of
    from penstock.workflows.catalogue import catalogue
    from penstock_cli.commands.workflow import report_problems

    report_problems({file: problems_of(read_json(file), catalogue()) for file in files}, as_json)


@app.command()
def push(
    file: File,
    id_: Annotated[str | None, typer.Option("--id", help="The saga's id; else the file's name")] = None,
    publish_it: Annotated[bool, typer.Option("--publish", help="Publish it at once")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Write a saga of your own on the platform, or replace its draft."""
    if file == STANDARD_INPUT and not id_:
        raise WrongUse("--id: names the saga that comes from standard input")
    saga, definition = id_ or Path(file).stem, read_json(file)
    with connect(url, api_key) as api:
        found = _written(api, saga, definition)
        if publish_it:
            found = api.post(_definition(saga, "publish"))
    _tell_standing(found, as_json)


@app.command()
def publish(saga: Saga, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Publish a saga's draft: a version, with a state machine of its own, that runs start from."""
    with connect(url, api_key) as api:
        found = api.post(_definition(saga, "publish"))
    _tell_standing(found, as_json)


@app.command()
def archive(saga: Saga, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Let no run of a saga start any more. Those under way go on."""
    with connect(url, api_key) as api:
        found = api.post(_definition(saga, "archive"))
    _tell_standing(found, as_json)


@app.command()
def definitions(
    status: Annotated[str | None, typer.Option(help="draft, published or archived")] = None,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the sagas that are built in, and your own."""
    with connect(url, api_key) as api:
        found = api.pages(DEFINITIONS, limit, {"status": status})
    columns = ("id", "wing", "name", "status", "version")
    rows = [[each[column] for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command()
def definition(
    saga: Saga,
    version: Annotated[int | None, typer.Option(min=1, help="A published version; else the draft")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show a saga: its steps, and what undoes each."""
    with connect(url, api_key) as api:
        found = api.get(_definition(saga, "versions", str(version)) if version else _definition(saga))
    show(found, as_json, lambda console: _tell_definition(console, found["definition"]))


@app.command()
def start(
    saga: Saga,
    input_file: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Its input: JSON; - is stdin")
    ] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Of a saga of your own; else the newest")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Start a run of a saga."""
    order = {"saga": saga, "version": version, "input": read_json(input_file) if input_file else {}}
    with connect(url, api_key) as api:
        found = api.post("/v1/sagas", order)
    show(found, as_json, lambda console: _tell_run(console, found))


@app.command("list")
def browse(
    saga: Annotated[str | None, typer.Option(help="Only this saga's")] = None,
    status: Annotated[str | None, typer.Option(help="running, compensating, needs_attention …")] = None,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    with connect(url, api_key) as api:
        found = api.pages("/v1/sagas", limit, {"saga": saga, "status": status})
    columns = ("id", "saga", "status", "step", "started_at", "duration_ms", "failures")
    rows = [[each[column] for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command("show")
def read(run: Run, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show where a run stands, step by step; exit code 1 when it needs a person."""
    with connect(url, api_key) as api:
        found = api.get(_run(run))
    show(found, as_json, lambda console: _tell_run(console, found))
    raise typer.Exit(int(found["status"] == "needs_attention"))


@app.command()
def resume(run: Run, reason: Reason, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Try again what is stuck, and go on. Mend what broke it first."""
    with connect(url, api_key) as api:
        found = api.post(_run(run, "resume"), {"reason": reason})
    show(found, as_json, lambda console: _tell_run(console, found))


@app.command()
def resolve(
    run: Run,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step that is stuck")],
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="done, or not_done")],
    reason: Reason,
    result: Annotated[
        str | None, typer.Option(metavar="FILE", help="What later steps read of it, when it is done: JSON")
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Say how a stuck step stands now that somebody took care of it by hand, and go on from there."""
    body = {"step": step, "outcome": outcome, "reason": reason} | ({"result": read_json(result)} if result else {})
    with connect(url, api_key) as api:
        found = api.post(_run(run, "resolve"), body)
    show(found, as_json, lambda console: _tell_run(console, found))


def _written(api: "Api", saga: str, definition: Any) -> Any:
    try:
        return api.put(_definition(saga), definition)
    except ApiProblem as problem:
        if problem.code != NOT_FOUND:
            raise
        return api.post(DEFINITIONS, {"id": saga, "definition": definition})


def _definition(*parts: str) -> str:
    return "/".join([DEFINITIONS, *map(segment, parts)])


def _run(*parts: str) -> str:
    return "/".join(["/v1/sagas", *map(segment, parts)])


def _tell_standing(found: dict[str, Any], as_json: bool) -> None:
    version = f" version {found['version']}" if found["version"] else ""
    show(found, as_json, lambda console: console.print(plain(f"{found['id']} {found['status']}{version}")))


def _tell_definition(console: "Console", definition: dict[str, Any]) -> None:
    console.print(plain(definition["name"]), style="bold")
    stages = [(stage.get("parallel", [stage]), stage) for stage in definition["steps"]]
    rows = [
        (stage["name"] if "parallel" in stage else None, step["name"], step["type"], _undone_by(step), _pivot(step))
        for steps, stage in stages
        for step in steps
    ]
    console.print(table(("group", "step", "type", "undone by", ""), rows))


def _undone_by(step: dict[str, Any]) -> str | None:
    return step["compensation"]["name"] if step.get("compensation") else None


def _pivot(step: dict[str, Any]) -> str | None:
    return "pivot" if step.get("pivot") else None


def _tell_run(console: "Console", found: dict[str, Any]) -> None:
    version = f" version {found['saga_version']}" if found["saga_version"] else ""
    console.print(plain(f"{found['id']}  {found['status']}"), style="bold", soft_wrap=True)
    console.print(plain(f"saga {found['saga']}{version}"))
    if found["reason"]:
        console.print(plain(f"{found['reason']}; stuck: {', '.join(found['stuck']) or 'nothing'}"), style="yellow")
    rows = [
        (
            step["name"],
            step["status"],
            step["attempts"],
            step["compensation"],
            step["compensation_attempts"],
            _why(step),
        )
        for step in found["steps"]
    ]
    console.print(table(("step", "status", "attempts", "undone by", "attempts", "last error"), rows))


def _why(step: dict[str, Any]) -> str | None:
    return f"{step['error']['type']}: {step['error']['message']}" if step["error"] else None
