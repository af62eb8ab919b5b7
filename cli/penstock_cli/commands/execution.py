"""penstock execution: start, look at, follow, go back in, cancel, retry and answer executions on the platform."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli import timeline
from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import WrongUse
from penstock_cli.files import read_items
from penstock_cli.output import AsJson, plain, show, table, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_cli.api import Api

app = typer.Typer(name="execution", help="Follow, answer and replay executions.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The execution's id")]
Wait = Annotated[float, typer.Option(min=0, max=25, help="Seconds to wait for its end within the request")]
MOST_EVENTS = 100_000
FAILED = ("failed", "cancelled")


@app.command()
def start(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="The workflow's id")],
    input_file: Annotated[str | None, typer.Option("--input", metavar="FILE", help="Items in JSON; - is stdin")] = None,
    trigger: Annotated[str | None, typer.Option(metavar="NODE", help="The trigger to start from")] = None,
    wait: Wait = 10,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Start a published workflow; exit code 1 when it failed within the wait."""
    order = {"workflow": workflow, "items": read_items(input_file) if input_file else [{}]}
    with connect(url, api_key) as api:
        found = api.post("/v1/executions", order | ({"trigger": trigger} if trigger else {}), {"wait": wait})
    _end(found, as_json)


@app.command("list")
def browse(
    workflow: Annotated[str | None, typer.Option(metavar="ID", help="Only this workflow's")] = None,
    status: Annotated[str | None, typer.Option(help="running, waiting, done, failed or cancelled")] = None,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List executions, newest first."""
    with connect(url, api_key) as api:
        found = api.pages("/v1/executions", limit, {"workflow": workflow, "status": status})
    columns = ("id", "workflow", "mode", "status", "started_at", "duration_ms", "nodes_completed", "failures")
    rows = [[each.get(column) for column in columns] for each in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command("show")
def read(
    id_: Id,
    version: Annotated[int | None, typer.Option(min=1, help="As it was after that many events")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show an execution: where it stands, what it waits for, and everything that happened."""
    with connect(url, api_key) as api:
        found = api.get(_path(id_), {"version": version})
        entries = _timeline(api, id_)[: version or None]
    show({**found, "timeline": entries}, as_json, lambda console: _tell(console, found, entries))


@app.command()
def watch(
    id_: Id,
    timeout: Annotated[float, typer.Option(min=1, max=86_400, help="Seconds to watch at most")] = 3_600,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Follow an execution live until it has ended; exit code 1 when it failed or has not ended in time."""
    from penstock_cli.watching import watch as follow

    with connect(url, api_key) as api:
        found, entries = follow(api, _path(id_), timeout, is_quiet=as_json)
    if as_json:
        write_json({**found, "timeline": entries})
    raise typer.Exit(int(found["status"] != "done"))


@app.command()
def replay(
    id_: Id,
    to: Annotated[int | None, typer.Option("--to", metavar="VERSION", min=1, help="Stop after this event")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Fold an execution's events here, one by one, and show its state after each of them."""
    from penstock_cli.replaying import replay as fold

    with connect(url, api_key) as api:
        steps = fold(api, id_, to)
    show({"items": steps}, as_json, lambda console: _tell_steps(console, steps))


@app.command()
def cancel(
    id_: Id,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the execution")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """End an execution where it stands."""
    with connect(url, api_key) as api:
        found = api.post(f"{_path(id_)}/cancel", {"reason": reason})
    show(found, as_json, lambda console: console.print(f"{plain(found['id'])} {found['status']}"))


@app.command()
def retry(id_: Id, wait: Wait = 10, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Go on with a failed execution from the node that failed; exit code 1 when it fails again."""
    with connect(url, api_key) as api:
        found = api.post(f"{_path(id_)}/retry", None, {"wait": wait})
    _end(found, as_json)


@app.command()
def answer(
    id_: Id,
    text: Annotated[str, typer.Argument(metavar="ANSWER", help="approve, reject, or JSON")],
    node: Annotated[str | None, typer.Option(help="The node that waits, where several do")] = None,
    by: Annotated[str, typer.Option(help="Who decided, for approve and reject")] = "",
    comment: Annotated[str, typer.Option(help="What else is to be said, for approve and reject")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Answer a waiting node: an approval, or any callback."""
    from penstock_cli.answers import parsed

    with connect(url, api_key) as api:
        waiting = _asked(api.get(_path(id_)), node)
        is_approval = waiting["details"].get("kind") == "approval"
        payload = parsed(waiting["node"], text, is_approval=is_approval)
        if is_approval:
            payload |= {name: value for name, value in (("by", by), ("comment", comment)) if value}
        api.post(waiting["callback"], payload)
        found = api.get(_path(id_))
    show(found, as_json, lambda console: console.print(f"{plain(found['id'])} {found['status']}"))


def _asked(execution: dict[str, Any], node: str | None) -> dict[str, Any]:
    """The one run that waits to be called. Raises WrongUse when there is none, or a choice."""
    open_ends = [each for each in execution["waiting"] if each["callback"] and node in (None, each["node"])]
    if len(open_ends) == 1:
        found: dict[str, Any] = open_ends[0]
        return found
    names = ", ".join(sorted({each["node"] for each in execution["waiting"] if each["callback"]}))
    if not names:
        raise WrongUse(f"execution {execution['id']} is {execution['status']} and waits for no answer")
    raise WrongUse(f"--node must name one of those that wait: {names}")


def _path(id_: str) -> str:
    return f"/v1/executions/{segment(id_)}"


def _timeline(api: "Api", id_: str) -> list[dict[str, Any]]:
    return api.pages(f"{_path(id_)}/timeline", MOST_EVENTS, cursor="after")


def _end(found: dict[str, Any], as_json: bool) -> None:
    show(found, as_json, lambda console: _tell(console, found, []))
    raise typer.Exit(int(found["status"] in FAILED))


def _tell(console: "Console", found: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    console.print(f"{plain(found['id'])}  {found['status']}", style="bold", soft_wrap=True)
    console.print(f"workflow {plain(found['workflow'])} revision {found['revision']}, started by {found['mode']}")
    if found["error"]:
        console.print(plain(f"{found['error'].get('type')}: {found['error'].get('message')}"), style="red")
    for waiting in found["waiting"]:
        until = f" until {waiting['until']}" if waiting["until"] else ""
        message = f": {waiting['details']['message']}" if waiting["details"].get("message") else ""
        console.print(plain(f"{waiting['node']} waits ({waiting['reason']}){until}{message}"), style="yellow")
    timeline.tell(entries)


def _tell_steps(console: "Console", steps: list[dict[str, Any]]) -> None:
    for step in steps:
        sys.stdout.write(timeline.line(step["entry"]) + "\n")
        state = step["state"]
        parts = {
            "ready": ", ".join(state["ready"]),
            "waiting": ", ".join(f"{each['run']} ({each['for']})" for each in state["waiting"]),
            "sent": ", ".join(f"{node} {sum(ports.values())}" for node, ports in state["sent"].items()),
        }
        told = "; ".join(f"{name}: {text}" for name, text in parts.items() if text)
        console.print(plain(f"              {state['status']}  {told}"), style="dim", soft_wrap=True)
