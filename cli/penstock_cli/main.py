"""`penstock`, and `python -m penstock_cli.main`: every module of `commands`, with its group `app` or its COMMANDS."""

import pkgutil
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from penstock_cli import commands
from penstock_cli.errors import CliError
from penstock_cli.output import complain


class Commands(TyperGroup):
    """The root of all commands: an error of ours becomes a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            complain(error)
            raise typer.Exit(error.status) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Workflow automation that you can prove: run it, watch it, and look at what happened.",
    epilog="Exit codes: 0 fine, 1 findings or a failure, 2 wrong use. --json on any command prints one JSON document.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"penstock {version('penstock-cli')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Tell the version")
    ] = False,
) -> None:
    """What goes before any command."""


for found in sorted(pkgutil.iter_modules(commands.__path__), key=lambda each: each.name):
    module = import_module(f"{commands.__name__}.{found.name}")
    for command in getattr(module, "COMMANDS", ()):
        app.command()(command)
    if hasattr(module, "app"):
        app.add_typer(module.app)


if __name__ == "__main__":
    app(prog_name="penstock")
