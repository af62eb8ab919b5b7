"""penstock bus: what was on the event bus, sent over it again.

A replay reaches the consumers of every tenant, so it takes the rights of the AWS account. The event store is not
read for it: consumers of streams catch up from there by themselves, and need none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.errors import WrongUse
from penstock_cli.output import AsJson, plain, show, table

app = typer.Typer(name="bus", help="Send again what was on the event bus.", no_args_is_help=True)
FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Consumers = Annotated[list[str] | None, typer.Option("--consumer", metavar="NAME", help="Only to this one; repeatable")]


@app.command()
def replay(
    begin: Annotated[datetime, typer.Option("--from", formats=FORMATS, metavar="TIME", help="UTC: 2026-11-24T09:30")],
    end: Annotated[datetime, typer.Option("--to", formats=FORMATS, metavar="TIME", help="UTC")],
    consumer: Consumers = None,
    stage: Stage = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Start to send the events of a time again, to every consumer of the bus or to some. Consumers know them by id."""
    if begin >= end:
        raise WrongUse("--from: must be before --to")
    owner = account(stage)
    name = f"{owner.prefix}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with calls(stage):
        events = owner.client("events")
        archive = events.describe_archive(ArchiveName=owner.prefix)
        rules = {"FilterArns": _rules(owner, events, consumer)} if consumer else {}
        started = events.start_replay(
            ReplayName=name,
            EventSourceArn=archive["ArchiveArn"],
            EventStartTime=begin.replace(tzinfo=UTC),
            EventEndTime=end.replace(tzinfo=UTC),
            Destination={"Arn": archive["EventSourceArn"], **rules},
        )
    found = {"name": name, "state": started["State"], "consumers": consumer or []}
    show(found, as_json, lambda console: console.print(plain(f"replay {name} is {started['State'].lower()}")))


@app.command()
def replays(stage: Stage = LOCAL, as_json: AsJson = False) -> None:
    """List replays and how far they are."""
    owner = account(stage)
    with calls(stage):
        found = owner.client("events").list_replays(NamePrefix=owner.prefix)["Replays"]
    items = [{"name": each["ReplayName"], "state": each["State"]} for each in found]
    rows = [(each["name"], each["state"]) for each in items]
    show({"items": items}, as_json, lambda console: console.print(table(("name", "state"), rows)))


def _rules(owner: Account, events: Any, consumers: Sequence[str]) -> list[str]:
    """The ARNs of the rules that feed the consumers. Raises WrongUse for a consumer that no rule feeds."""
    pages = events.get_paginator("list_rules").paginate(EventBusName=owner.prefix)
    fed: dict[str, list[str]] = {}
    for rule in (rule for page in pages for rule in page["Rules"]):
        for target in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=owner.prefix)["Targets"]:
            queue = target["Arn"].rpartition(":")[2]
            if queue.startswith(f"{owner.prefix}-"):  # the archive itself is fed by a rule of its own
                fed.setdefault(queue.removeprefix(f"{owner.prefix}-"), []).append(rule["Arn"])
    for consumer in consumers:
        if consumer not in fed:
            raise WrongUse(f"--consumer {consumer}: the bus feeds {', '.join(sorted(fed)) or 'nobody'}")
    return [arn for consumer in consumers for arn in fed[consumer]]
