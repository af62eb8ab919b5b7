"""penstock audit: whether the record of who read which health information is as it was written."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.errors import Failure
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_healthcare.access.verification import Report

app = typer.Typer(name="audit", help="Check the record of who read health information.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `verify` a command of its own beside those to come."""


@app.command()
def verify(
    tenant: Annotated[str, typer.Option(help="Whose AuditEvents")],
    stage: Stage = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Follow every trail of a tenant's AuditEvents; exit code 1 names the first of each that was changed or is gone.

    It reads with the rights of the AWS account, and needs no key that opens patient data.
    """
    from penstock.events import EventStoreError

    try:
        with calls(stage):
            report = _report(account(stage), tenant)
    except EventStoreError as error:
        raise Failure(f"stage {stage}: {error}") from error
    show({"tenant": tenant, **_told(report)}, as_json, lambda console: _tell(console, report))
    raise typer.Exit(int(bool(report.findings)))


def _report(owner: Account, tenant: str) -> "Report":
    from itertools import chain

    from penstock.aws.event_store import DynamoEventStore
    from penstock.aws.feed import DynamoFeed
    from penstock.aws.payloads import Payloads
    from penstock_healthcare.access.verification import heard_of, verify

    outputs, dynamodb = owner.outputs("Data"), owner.client("dynamodb")
    store = DynamoEventStore(dynamodb, outputs["EventsTable"], Payloads(owner.client("s3"), outputs["PayloadsBucket"]))
    stored = (stream for stream in store.streams() if stream.tenant == tenant)
    heard = heard_of(DynamoFeed(dynamodb, outputs["ViewsTable"]).entries(tenant))
    return verify(chain(stored, heard), store.packed)


def _told(report: "Report") -> dict[str, object]:
    findings = [{**asdict(each), "stream": str(each.stream)} for each in report.findings]
    return {**asdict(report), "findings": findings}


def _tell(console: "Console", report: "Report") -> None:
    verdict = "" if report.findings else "; nobody touched them"
    console.print(plain(f"{report.held} AuditEvents in {report.trails} trails hold, {report.single} alone{verdict}"))
    if report.findings:
        rows = [(str(each.stream), each.commit or None, each.reason) for each in report.findings]
        console.print(table(("AuditEvent", "commit", "what"), rows))
