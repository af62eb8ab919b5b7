"""penstock hl7: check, read, acknowledge and send HL7 v2 messages, and look after those that the platform rejected."""

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli import conversion
from penstock_cli.connection import ApiKey, Limit, Url, connect, segment
from penstock_cli.errors import Failure, Unreachable, WrongUse
from penstock_cli.files import read_bytes
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    import ssl

    from rich.console import Console

    from penstock_cli.messages import Found
    from penstock_healthcare.hl7.profiles import Profile

app = typer.Typer(name="hl7", help="Check, show, acknowledge and send HL7 v2 messages.", no_args_is_help=True)
app.command("to-fhir")(conversion.to_fhir)
Files = Annotated[list[str], typer.Argument(metavar="PATH…", help="Messages, batches, folders; - is standard input")]
POSITIVE = ("AA", "CA")
CODES = (*POSITIVE, "AE", "AR", "CE", "CR")
PATH = "/v1/healthcare/messages"


@app.command()
def check(
    files: Files,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="A sender's profile; may be repeated")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell of each message whether it was read, comes back byte for byte, and what the standard asks and it lacks.

    Exit code 1 on any error or warning.
    """
    from penstock_cli import messages

    profiles = [_profile(file) for file in profile or ()]
    reports = [messages.report(found, profiles) for found in messages.found_in(files)]
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


@app.command("ack")
def acknowledge(
    files: Files,
    code: Annotated[str | None, typer.Option(help="AA, AE, AR, CA, CE or CR; left out, what was found decides")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the acknowledgment of each message, with an ERR for each error that was found."""
    import uuid
    from datetime import UTC, datetime

    from penstock_cli import messages

    if code is not None and code not in CODES:
        raise WrongUse(f"--code {code}: one of {', '.join(CODES)}")
    now = datetime.now(UTC)
    answers = [
        messages.acknowledgment(found, code, control_id=uuid.uuid4().hex[:20], now=now)
        for found in messages.found_in(files)
    ]
    if as_json:
        show([answer.decode("utf-8", "replace") for answer in answers], as_json, lambda _: None)
    else:
        sys.stdout.buffer.write(b"".join(answer.replace(b"\r", b"\n") if _is_seen() else answer for answer in answers))


@app.command()
def send(
    to: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The MLLP receiver")],
    files: Files,
    tls_ca: Annotated[Path | None, typer.Option(help="Use TLS, and trust this authority's certificates")] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="The client's certificate, with its key unless --tls-key")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The client's private key")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=3_600, help="Seconds until the last answer")] = 30,
    as_json: AsJson = False,
) -> None:
    """Send messages by MLLP over one connection and show their acknowledgments; exit code 1 when one is negative."""
    from penstock_cli import acknowledgments, messages
    from penstock_mllp import NoAcknowledgment
    from penstock_mllp import send as transmit

    host, port = _address(to)
    found = list(messages.found_in(files))
    tls = _trusting(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    contents = [messages.unframed(each.raw) for each in found]
    try:
        answers = transmit(host, port, contents, tls, timeout=timeout, server_hostname=host if tls else None)
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


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise WrongUse(f"{text}: expected HOST:PORT, such as 127.0.0.1:2575")
    return host.strip("[]"), int(port)


def _trusting(authority: Path | None, certificate: Path | None, key: Path | None) -> "ssl.SSLContext":
    import ssl

    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        if certificate:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        raise WrongUse(f"the certificates cannot be used: {error.strerror or error}") from error
    return context


def _profile(file: str) -> "Profile":
    from penstock_healthcare.hl7 import BadProfile
    from penstock_healthcare.hl7.profiles import read_profile

    try:
        return read_profile(read_bytes(file))
    except BadProfile as error:
        raise WrongUse("\n".join([f"{file}: no profile", *(f"  {each}" for each in error.problems)])) from error


def _is_seen() -> bool:
    """Whether a person reads the output: a terminal does not show carriage returns."""
    return sys.stdout.isatty()


def _tell_findings(console: "Console", reports: list[dict[str, Any]]) -> None:
    from penstock_cli.messages import summary

    for entry in reports:
        name = " ".join(filter(None, (entry["file"], entry["type"], entry["version"], entry["control_id"])))
        count = len(entry["findings"])
        kept = "" if entry["identical"] or not entry["parsed"] else ", not the same bytes again"
        told = f"{count} findings" if count else "nothing to find"
        console.print(plain(f"{name}: {told}{kept}"), style="bold")
        if count:
            columns = ("path", "severity", "rule", "message")
            console.print(table(columns, [[each[column] for column in columns] for each in entry["findings"]]))
    if len(reports) > 1:
        counts = summary(reports)
        console.print(
            f"{counts['messages']} messages: {counts['parsed']} read, {counts['identical']} the same bytes again, "
            f"{counts['clean']} without error or warning"
        )


def _tell_fields(console: "Console", found: "list[Found]") -> None:
    from penstock_cli.messages import rows

    for each in found:
        if each.message is None:
            console.print(plain(f"{each.file}: {each.error}"), style="red")
        else:
            console.print(plain(f"{each.message.type} {each.message.control_id}"), style="bold")
            console.print(table(("path", "name", "type", "value"), rows(each.message)))
