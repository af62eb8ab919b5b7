"""penstock up, down, status, deploy: the local AWS, and stages in real accounts."""

import subprocess
from typing import TYPE_CHECKING, Any

import typer

from penstock_cli import checkout
from penstock_cli.account import LOCAL, Stage, checked
from penstock_cli.errors import Failure
from penstock_cli.output import AsJson, show, table

if TYPE_CHECKING:
    from local.running import Running


def up(as_json: AsJson = False) -> None:
    """Start the local AWS, when it does not run, and deploy what changed."""
    checkout.enter()
    from local import stack
    from local.errors import LocalError

    try:
        _show(stack.up(), as_json)
    except LocalError as error:
        raise Failure(str(error)) from error


def down(as_json: AsJson = False) -> None:
    """Stop the local AWS and everything that it started."""
    checkout.enter()
    from local import stack

    was_running = stack.down()
    text = "stopped" if was_running else "the local AWS was not running"
    show({"stopped": was_running}, as_json, lambda console: console.print(text))


def status(as_json: AsJson = False) -> None:
    """Tell what runs and where; exit code 1 when nothing does."""
    checkout.enter()
    from local import stack

    running = stack.status()
    if running is None:
        show({"running": False}, as_json, lambda console: console.print("the local AWS is not running"))
        raise typer.Exit(1)
    _show(running, as_json)


def deploy(stage: Stage = LOCAL, as_json: AsJson = False) -> None:
    """Deploy what changed: to the local AWS, or by the CDK to the account of your credentials."""
    root = checkout.enter()
    if checked(stage) == LOCAL:
        up(as_json)
        return
    # The Makefile knows how the CDK's command line is installed and called; its output is for people.
    done = subprocess.run(  # noqa: S603 - the stage is one of our words
        ["make", "deploy", f"STAGE={stage}"],  # noqa: S607 - the make of the caller's PATH
        cwd=root,
        check=False,
        stdout=2 if as_json else None,
    )
    if done.returncode:
        raise Failure(f"stage {stage} was not deployed: make deploy ended with {done.returncode}")
    show({"stage": stage, "deployed": True}, as_json, lambda console: console.print(f"stage {stage} is deployed"))


def _show(running: "Running", as_json: bool) -> None:
    document: dict[str, Any] = {
        "running": True,
        "stage": running.stage,
        "endpoint": running.endpoint,
        "api_url": running.api_url,
        "pid": running.pid,
        "outputs": dict(running.outputs),
    }
    rows = [(name, document[name]) for name in ("endpoint", "api_url", "pid")]
    show(document, as_json, lambda console: console.print(table(("what", "where"), rows)))


COMMANDS = (up, down, status, deploy)
