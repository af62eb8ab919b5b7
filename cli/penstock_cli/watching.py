"""Follows an execution through the API until it has ended."""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from penstock_cli import timeline
from penstock_cli.output import console

if TYPE_CHECKING:
    from penstock_cli.api import Api

POLL_SECONDS = 0.5
ENDED = ("done", "failed", "cancelled")
MOST_EVENTS = 100_000


def watch(api: "Api", path: str, timeout: float, *, is_quiet: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The execution and its timeline once it has ended or `timeout` seconds have passed; told line by line meanwhile.

    Raises ApiProblem, Unreachable.
    """
    entries: list[dict[str, Any]] = []
    end = time.monotonic() + timeout
    with _spinner(is_quiet) as spinner:
        while True:
            found: dict[str, Any] = api.get(path)
            after = entries[-1]["version"] if entries else 0
            news = api.pages(f"{path}/timeline", MOST_EVENTS, {"after": after}, cursor="after")
            entries += news
            if not is_quiet:
                timeline.tell(news)
            if found["status"] in ENDED or time.monotonic() > end:
                return found, entries
            if spinner:
                spinner.update(_standing(found))
            time.sleep(POLL_SECONDS)


def _standing(found: dict[str, Any]) -> str:
    waiting = ", ".join(each["node"] for each in found["waiting"])
    return f"{found['status']}{f': {waiting}' if waiting else ''}"


def _spinner(is_quiet: bool) -> AbstractContextManager[Any]:
    screen = console(stderr=True)
    return nullcontext() if is_quiet or not screen.is_terminal else screen.status("running")
