"""HL7 v2 ↔ FHIR R4 on the command line: `penstock hl7 to-fhir` and `penstock fhir to-hl7`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.errors import Failure, WrongUse
from penstock_cli.output import AsJson, say, write_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from penstock_cli.messages import Found


def to_fhir(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A message or a batch; - is standard input")],
    time_zone: Annotated[str, typer.Option(help="The zone of times sent without an offset: Europe/Berlin")] = "UTC",
    quiet: Annotated[bool, typer.Option("--quiet", help="Without what has no place in FHIR")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the transaction Bundle of a message; what was left out goes to standard error.

    Of a batch, a Bundle a line. With --json, one document: of each message its `bundle` (decimals as text), `problems`
    and `unmapped`.
    Exit code 1 when a message cannot be read or mapped.
    """
    from penstock_cli.messages import found_in

    zone = _zone(time_zone)
    reports = [_report(found, zone) for found in found_in([file])]
    if as_json:
        write_json(reports)
    else:
        _tell(reports, quiet)
    raise typer.Exit(int(any(report["error"] for report in reports)))


def to_hl7(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A Bundle or a resource, JSON; - is standard input")],
    message_type: Annotated[str, typer.Option("--type", metavar="TYPE", help="ADT_A01, ORU_R01, SIU_S12 …")],
    sending_application: Annotated[str, typer.Option(help="MSH-3")] = "PENSTOCK",
    sending_facility: Annotated[str, typer.Option(help="MSH-4")] = "",
    version: Annotated[str, typer.Option("--hl7-version", help="MSH-12")] = "2.5.1",
) -> None:
    """Write the HL7 v2 message of a Bundle's resources."""
    import uuid
    from datetime import UTC, datetime

    from penstock_cli.files import read_bytes
    from penstock_healthcare.fhir import text
    from penstock_healthcare.fhir.errors import FhirError
    from penstock_healthcare.fhir.to_hl7 import Profile, to_hl7
    from penstock_healthcare.hl7 import HL7Error

    profile = Profile(sending_application, sending_facility, version=version)
    try:
        resource = text.read(read_bytes(file).decode())
    except ValueError as error:
        raise WrongUse(f"{file}: not a resource in JSON") from error
    try:
        written = to_hl7(
            resource, message_type, control_id=uuid.uuid4().hex[:20], timestamp=datetime.now(UTC), profile=profile
        )
    except (FhirError, HL7Error) as error:
        raise Failure(f"{file}: {error}") from error
    raw = bytes(written)
    sys.stdout.buffer.write(raw.replace(b"\r", b"\n") if sys.stdout.isatty() else raw)


def _report(found: "Found", zone: "ZoneInfo") -> dict[str, Any]:
    """A message's Bundle with what was found on the way; `error` where there is none."""
    from penstock_healthcare.fhir.errors import NotMapped
    from penstock_healthcare.fhir.from_hl7 import from_hl7

    name = {"file": found.file, "number": found.number}
    if found.message is None:
        return {**name, "error": str(found.error), "bundle": None, "problems": [], "unmapped": []}
    try:
        mapped = from_hl7(found.message, zone)
    except NotMapped as error:
        return {**name, "error": str(error), "bundle": None, "problems": [], "unmapped": []}
    problems, unmapped = list(mapped.problems), list(mapped.unmapped)
    return {**name, "error": None, "bundle": mapped.bundle, "problems": problems, "unmapped": unmapped}


def _tell(reports: Sequence[dict[str, Any]], quiet: bool) -> None:
    from penstock_healthcare.fhir import text

    for report in reports:
        place = f"{report['file']}: " if len(reports) == 1 else f"{report['file']}, message {report['number']}: "
        if report["error"]:
            say(f"{place}{report['error']}")
            continue
        for found in [*report["problems"], *([] if quiet else report["unmapped"])]:
            say(f"{place}{found['path']}: {found['rule']}: {found['message']}")
        sys.stdout.write(text.write(report["bundle"]) + "\n")


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUse(f"--time-zone {name}: no time zone, such as Europe/Berlin") from None
