"""penstock run and demo: the whole platform on this machine, with real messages sent through it."""

import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from penstock_cli import checkout
from penstock_cli.errors import Failure
from penstock_cli.output import AsJson, console, say, write_json

if TYPE_CHECKING:
    from local.running import Running
    from penstock_cli.demo.flow import Shown
    from penstock_cli.demo.gateway import Gateway

MESSAGES = ("events", "messages")
LOOK_SECONDS = 1.0


def demo(as_json: AsJson = False) -> None:
    """Start and deploy the local AWS, send real messages through, show what happened, stop what was started.

    Exit code 1 when any step fell short of what the messages must come to.
    """
    with ExitStack() as opened:
        _, shown, _ = _shown(opened, as_json)
    raise typer.Exit(int(not shown.is_right))


def run(as_json: AsJson = False) -> None:
    """As demo, and stay up: says where to look and what to try. Ctrl-C stops all that was started."""
    with ExitStack() as opened:
        running, shown, gateway = _shown(opened, as_json)
        _tell_how_to_go_on(running, shown, gateway)
        _stay(gateway)
    raise typer.Exit(int(not shown.is_right))


def _shown(opened: ExitStack, as_json: bool) -> "tuple[Running, Shown, Gateway]":
    """The demonstration, shown; `opened` ends what it started. Raises Failure."""
    root = checkout.enter()
    from local.errors import LocalError
    from local.home import HOME
    from local.progress import Steps
    from penstock_cli.api import Api
    from penstock_cli.demo import flow
    from penstock_cli.demo.gateway import gateway

    began, progress = time.monotonic(), Steps()
    _unwind_when_stopped()
    try:
        running = _up(opened, progress)
    except LocalError as error:
        raise Failure(str(error)) from error
    api = opened.enter_context(Api(running.api_url, running.api_key))
    with progress.step("Starting the MLLP gateway"):
        started = opened.enter_context(gateway(api, HOME))
    shown = flow.run(api, started.port, root.joinpath(*MESSAGES), progress, began=began)
    _tell(shown, as_json)
    return running, shown, started


def _up(opened: ExitStack, progress: Any) -> "Running":
    """The local stack; it is stopped in the end unless it was up before."""
    from local import stack

    if stack.status() is None:
        opened.callback(stack.down)
    return stack.up(progress)


def _unwind_when_stopped() -> None:
    """A stop from outside ends in the same order as Ctrl-C, which a shell lets a job in the background ignore."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _tell(shown: "Shown", as_json: bool) -> None:
    from penstock_cli.demo import report

    if as_json:
        write_json(report.document(shown.outcome, shown.counts, shown.shortfalls))
        return
    screen = console()
    report.tell(screen, shown.messages, shown.outcome)
    report.tell_summary(screen, shown.counts, shown.shortfalls)


def _tell_how_to_go_on(running: "Running", shown: "Shown", gateway: "Gateway") -> None:
    from penstock_cli.demo.gateway import HOST
    from penstock_cli.demo.invitation import lines

    say("\n".join(lines(running.api_url, running.api_key, running.endpoint, f"{HOST}:{gateway.port}", shown)))


def _stay(gateway: "Gateway") -> None:
    """Until Ctrl-C, or until the gateway has ended. Raises Failure."""
    try:
        while gateway.runs:
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        say("\nStopping.")
        return
    raise Failure(f"the MLLP gateway has ended; its log: {gateway.log}")


COMMANDS = (run, demo)
