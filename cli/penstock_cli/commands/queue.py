"""penstock queue: how many messages wait for each consumer, and dead letters sent back."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.errors import Failure, WrongUse
from penstock_cli.output import AsJson, show, table

app = typer.Typer(name="queue", help="Look at the consumers' queues, and send dead letters back.", no_args_is_help=True)
DEAD_LETTERS = "-dead-letters"
STREAM_FAILURES = "stream-failures"
POLL_SECONDS = 0.5
_COUNTS = {
    "waiting": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


@app.command("list")
def browse(stage: Stage = LOCAL, as_json: AsJson = False) -> None:
    """List the queues; exit code 1 when a dead letter waits anywhere."""
    owner = account(stage)
    found = list(_consumers(owner))
    columns = ("name", "waiting", "in_flight", "delayed", "dead_letters")
    rows = [[entry[column] for column in columns] for entry in found]
    show({"items": found}, as_json, lambda console: console.print(table(columns, rows)))
    raise typer.Exit(int(any(entry["dead_letters"] for entry in found)))


@app.command()
def redrive(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The consumer whose dead letters are tried again")],
    stage: Stage = LOCAL,
    timeout: Annotated[float, typer.Option(min=1, max=3_600, help="Seconds to wait until they have moved")] = 60,
    as_json: AsJson = False,
) -> None:
    """Send a consumer's dead letters back to its queue. Mend what broke them first."""
    owner = account(stage)
    urls = _urls(owner)
    if name not in urls or name + DEAD_LETTERS not in urls:
        known = sorted(each.removesuffix(DEAD_LETTERS) for each in urls if each.endswith(DEAD_LETTERS))
        raise WrongUse(f"{name}: no consumer of stage {stage} has this name; there are: {', '.join(known) or 'none'}")
    with calls(stage):
        moved = _move(owner.client("sqs"), urls[name + DEAD_LETTERS], timeout)
    show({"name": name, "moved": moved}, as_json, lambda console: console.print(f"{moved} moved back to {name}"))


def _move(sqs: Any, dead_letters: str, timeout: float) -> int:
    """Starts the move and waits for its end; how many messages moved. Raises Failure."""
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.start_message_move_task(SourceArn=arn)
    end = time.monotonic() + timeout
    while True:
        task: dict[str, Any] = next(iter(sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"]), {})
        if task.get("Status") == "COMPLETED":
            return int(task.get("ApproximateNumberOfMessagesMoved", 0))
        if task.get("Status") in ("FAILED", "CANCELLED"):
            raise Failure(f"the move ended as {task['Status']}: {task.get('FailureReason', 'no reason given')}")
        if time.monotonic() > end:
            raise Failure(f"the move still runs after {timeout:g} s; it goes on by itself")
        time.sleep(POLL_SECONDS)


def _consumers(owner: Account) -> Iterator[dict[str, Any]]:
    with calls(owner.stage):
        urls, sqs = _urls(owner), owner.client("sqs")
        depths = {name: _depth(sqs, url) for name, url in urls.items()}
    for name, depth in sorted(depths.items()):
        if name == STREAM_FAILURES:
            yield {"name": name, "waiting": 0, "in_flight": 0, "delayed": 0, "dead_letters": sum(depth.values())}
        elif not name.endswith(DEAD_LETTERS):
            yield {"name": name, **depth, "dead_letters": sum(depths.get(name + DEAD_LETTERS, {}).values())}


def _urls(owner: Account) -> dict[str, str]:
    """The stage's queues by name, without what all names begin with."""
    prefix = f"{owner.prefix}-"
    with calls(owner.stage):
        pages = owner.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
        urls = [url for page in pages for url in page.get("QueueUrls", ())]
    return {url.rpartition("/")[2].removeprefix(prefix): url for url in urls}


def _depth(sqs: Any, url: str) -> dict[str, int]:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS.values()))["Attributes"]
    return {name: int(found.get(attribute, 0)) for name, attribute in _COUNTS.items()}
