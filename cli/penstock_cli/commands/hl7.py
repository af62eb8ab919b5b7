"""penstock hl7: check, read and send HL7 v2 messages, and look after those that the platform rejected."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import Failure, Unreachable, WrongUse
from penstock_cli.files import read_bytes
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    import ssl

    from rich.console import Console

    from penstock_cli.messages import Found

app = typer.Typer(name="hl7", help="Check, show and send HL7 v2 messages.", no_args_is_help=True)
Files = Annotated[list[str], typer.Argument(metavar="FILE…", help="Messages or batches; - is standard input")]
POSITIVE = ("AA", "CA")
PATH = "/v1/healthcare/messages"


@app.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Tell what the standard asks and messages do not give; exit code 1 on any error or warning."""
    from penstock_cli import messages

    reports = [messages.report(found) for found in messages.found_in(files)]
    show(reports, as_json, lambda console: _tell_findings(console, reports))
    raise typer.Exit(int(any(map(messages.is_serious, reports))))


@app.command("show")
def read(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A message or a batch; - is standard input")],
    as_json: AsJson = False,
) -> None:
    """Show messages by segment and field, with the standard's names; exit code 1 when one cannot be read."""
    from penstock_cli import messages
    from penstock_healthcare.hl7 import to_json

    found = list(messages.found_in([file]))
    documents = [to_json(each.message) if each.message else {"error": str(each.error)} for each in found]
    show(documents, as_json, lambda console: _tell_fields(console, found))
    raise typer.Exit(int(any(each.message is None for each in found)))


@app.command()
def send(
    files: Files,
    host: Annotated[str, typer.Option(help="The MLLP receiver")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Its port")] = 2575,
    tls_ca: Annotated[Path | None, typer.Option(help="Use TLS, and trust this authority's certificates")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=3_600, help="Seconds until the last answer")] = 30,
    as_json: AsJson = False,
) -> None:
    """Send messages by MLLP over one connection and show their acknowledgments; exit code 1 when one is negative."""
    from penstock_cli import acknowledgments, messages
    from penstock_mllp import NoAcknowledgment
    from penstock_mllp import send as transmit

    found = list(messages.found_in(files))
    tls = _trusting(tls_ca) if tls_ca else None
    try:
        answers = transmit(
            host, port, [each.raw for each in found], tls, timeout=timeout, server_hostname=host if tls else None
        )
    except NoAcknowledgment as error:
        raise Failure(f"{host}:{port}: {error}") from error
    except OSError as error:
        raise Unreachable(f"{host}:{port} did not answer: {error.strerror or error}") from error
    told = [acknowledgments.told(each, answer) for each, answer in zip(found, answers, strict=True)]
    show(told, as_json, lambda console: console.print(acknowledgments.table_of(told)))
    raise typer.Exit(int(any(each["code"] not in POSITIVE for each in told)))


@app.command("messages")
def browse(
    rejected: Annotated[bool, typer.Option("--rejected", help="Only those that were rejected")] = False,
    limit: Limit = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the messages that the platform has received, newest first."""
    with connect(url, api_key) as api:
        found = api.pages(PATH, limit, {"status": "rejected" if rejected else None})
    columns = ("id", "status", "message_type", "control_id", "sending_application", "received_at", "why")
    lines = [{**each, "why": (each.get("error") or {}).get("message")} for each in found]
    rows = [[each.get(column) for column in columns] for each in lines]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))


@app.command()
def resubmit(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The message's id on the platform")],
    file: Annotated[str | None, typer.Option(metavar="FILE", help="The corrected message")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the message")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Send a rejected message in again, corrected or as it is; exit code 1 when it is rejected again."""
    body: dict[str, Any] = {"reason": reason} if reason else {}
    if file:
        body["raw"] = base64.b64encode(read_bytes(file)).decode("ascii")
    with connect(url, api_key) as api:
        found = api.post(f"{PATH}/{segment(id_)}/resubmit", body)
    show(found, as_json, lambda console: console.print(f"{plain(found['id'])} {found['status']}"))
    raise typer.Exit(int(found["status"] == "rejected"))


def _trusting(authority: Path) -> "ssl.SSLContext":
    import ssl

    try:
        return ssl.create_default_context(cafile=str(authority))
    except OSError as error:
        raise WrongUse(f"--tls-ca {authority}: {error.strerror or error}") from error


def _tell_findings(console: "Console", reports: list[dict[str, Any]]) -> None:
    for entry in reports:
        name = f"{entry['file']} {entry['type']} {entry['control_id']}".rstrip()
        count = len(entry["findings"])
        console.print(plain(f"{name}: {f'{count} findings' if count else 'nothing to find'}"), style="bold")
        if count:
            columns = ("path", "severity", "rule", "message")
            console.print(table(columns, [[each[column] for column in columns] for each in entry["findings"]]))


def _tell_fields(console: "Console", found: "list[Found]") -> None:
    from penstock_cli.messages import rows

    for each in found:
        if each.message is None:
            console.print(plain(f"{each.file}: {each.error}"), style="red")
        else:
            console.print(plain(f"{each.message.type} {each.message.control_id}"), style="bold")
            console.print(table(("path", "name", "type", "value"), rows(each.message)))
