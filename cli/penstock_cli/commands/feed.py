"""penstock feed: all that happens, in one order."""

import json
import time
from itertools import islice
from typing import Annotated, Any

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.connection import ApiKey, Url, connect
from penstock_cli.errors import Failure
from penstock_cli.output import AsJson, show, table

app = typer.Typer(name="feed", help="Read all that happens, in one order.", no_args_is_help=True)
COLUMNS = ("position", "time", "kind", "key", "commits", "types")
POLL_SECONDS = 1.0
RECORDS_A_CALL = 100
Names = Annotated[list[str] | None, typer.Option(help="May be given more than once")]


@app.command()
def read(
    after: Annotated[int, typer.Option(min=0, help="A position; 0 begins with the oldest")] = 0,
    kind: Names = None,
    event_type: Annotated[list[str] | None, typer.Option("--type", help="May be given more than once")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most")] = 100,
    wait: Annotated[int, typer.Option(min=0, max=86_400, help="Seconds to wait for more")] = 0,
    events: Annotated[bool, typer.Option("--events", help="With the events themselves, in --json")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Read commits of all streams, oldest first. `next` in --json is the position to go on from."""
    found: list[dict[str, Any]] = []
    end = time.monotonic() + wait
    with connect(url, api_key) as api:
        while len(found) < limit:
            query = {"after": after, "limit": min(limit - len(found), 100), "events": events}
            page = api.get("/v1/feed", {**query, "kinds": kind, "types": event_type})
            found, after = [*found, *page["items"]], page["next"]
            if page["is_head"] and time.monotonic() >= end:
                break
            if page["is_head"]:
                time.sleep(POLL_SECONDS)
    rows = [
        [each["position"], each["time"], each["kind"], each["key"], _commits(each), ", ".join(each["types"])]
        for each in found
    ]
    show({"items": found, "next": after}, as_json, lambda console: console.print(table(COLUMNS, rows)))


@app.command()
def repair(stage: Stage = LOCAL, as_json: AsJson = False) -> None:
    """Tell consumers and feeds of every commit that they never heard of, by the account's rights.

    Needed only where the stream's records were given up, or expired unread after 24 hours: the alarms on
    stream-failures and on the sequencer's iterator age say so.
    """
    from penstock.aws.event_store import DynamoEventStore
    from penstock.aws.feed import DynamoFeed
    from penstock.aws.payloads import Payloads
    from penstock.aws.sequencer import record
    from penstock.events.feed import unheard

    owner = account(stage)
    outputs, dynamodb = owner.outputs("Data"), owner.client("dynamodb")
    store = DynamoEventStore(dynamodb, outputs["EventsTable"], Payloads(owner.client("s3"), outputs["PayloadsBucket"]))
    told = 0
    with calls(stage):
        lost = unheard(DynamoFeed(dynamodb, outputs["ViewsTable"]), store, store.streams())
        while records := [record(*each) for each in islice(lost, RECORDS_A_CALL)]:
            _sequence(owner, records)
            told += len(records)
    show({"told": told}, as_json, lambda console: console.print(f"{told} commits were told of"))


def _sequence(owner: Account, records: list[dict[str, Any]]) -> None:
    """Hand the records to the stage's sequencer, as its stream does. Raises Failure when it does not take them all."""
    function = f"{owner.prefix}-sequencer"
    answer = owner.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"Records": records}).encode())
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or result["batchItemFailures"]:
        raise Failure(f"{function} did not take all of it: try again")


def _commits(span: dict[str, Any]) -> str:
    first, last = span["first_commit"], span["last_commit"]
    return str(first) if first == last else f"{first}-{last}"
