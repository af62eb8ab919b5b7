"""Tells a person what takes long: one line a step, with its time, on standard error."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console


class Progress(Protocol):
    """What `local.stack` reports to."""

    def step(self, label: str) -> AbstractContextManager[None]:
        """Wraps one step that takes time."""
        ...


class Steps:
    """A spinner while a step runs, then its mark and seconds."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        begin = time.monotonic()
        try:
            with self.console.status(label):
                yield
        except BaseException:
            self.console.print(f"[red]✗[/red] {label}")
            raise
        self.console.print(f"[green]✓[/green] {label} [dim]{time.monotonic() - begin:.1f} s[/dim]")
