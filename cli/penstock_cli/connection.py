"""Which platform a command speaks to: by options, the environment, or the local stack that runs in this checkout."""

import os
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from penstock_cli import checkout
from penstock_cli.errors import WrongUse

if TYPE_CHECKING:
    from penstock_cli.api import Api

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The API without /v1; else PENSTOCK_API_URL, else the local stack"),
]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", metavar="KEY", help="Better in PENSTOCK_API_KEY, which no process list shows"),
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most")]


def connect(url: str | None, api_key: str | None) -> "Api":
    """A client, to be closed. Raises WrongUse when no URL or key is known."""
    from penstock_cli.api import Api

    found_url, found_key = url or os.environ.get("PENSTOCK_API_URL"), api_key or os.environ.get("PENSTOCK_API_KEY")
    if not found_url:
        local_url, local_key = _local()
        return Api(local_url, found_key or local_key)
    if not found_key:
        raise WrongUse("no API key: set PENSTOCK_API_KEY")
    return Api(found_url, found_key)


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def _local() -> tuple[str, str]:
    try:
        checkout.enter()
    except WrongUse as error:
        raise WrongUse("no API is named: set PENSTOCK_API_URL, or call this in a checkout whose stack is up") from error
    from local import stack

    running = stack.status()
    if running is None or not running.api_url:
        raise WrongUse("no API is named and no local stack is up: set PENSTOCK_API_URL, or start one by `penstock up`")
    return running.api_url, running.api_key
