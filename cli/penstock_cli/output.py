"""What a command says: one JSON document on standard output for machines, text and tables for people.

Everything beside the result, such as progress and errors, goes to standard error.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.errors import CliError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines")]
_VISIBLE = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)} | {0x7F: 0x2421}
_VISIBLE |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
WIDEST_PIPED = 160


def show(value: Any, as_json: bool, render: Callable[["Console"], None]) -> None:
    """The command's result: `value` as JSON, or as `render` writes it for people."""
    if as_json:
        write_json(value)
    else:
        render(console())


def write_json(value: Any) -> None:
    """A document on standard output."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(value, option=options).decode())
    sys.stdout.flush()


def console(*, stderr: bool = False) -> "Console":
    """Where people read. Text is taken as it is, never as markup."""
    from rich.console import Console

    made = Console(markup=False, highlight=False, emoji=False, stderr=stderr)
    return (
        made
        if made.is_terminal
        else Console(markup=False, highlight=False, emoji=False, stderr=stderr, width=WIDEST_PIPED)
    )


def say(text: str) -> None:
    """A message beside the result."""
    sys.stderr.write(f"{plain(text)}\n")
    sys.stderr.flush()


def complain(error: CliError) -> None:
    """What ended the command."""
    say(f"penstock: {error}")


def plain(text: str) -> str:
    """Text from outside with its control characters made visible: it must not steer the terminal."""
    return text.translate(_VISIBLE)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> "Table":
    """A table of plain values; None is an empty cell."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(*columns, box=SIMPLE_HEAD, title=title, title_justify="left", show_edge=False, pad_edge=False)
    for row in rows:
        made.add_row(*("" if cell is None else plain(str(cell)) for cell in row))
    return made
