"""penstock queue: how many messages wait for each consumer, and dead letters seen and settled.

`list` and `redrive` work on the AWS account, for all tenants and off the record. The others work through the API: on
one tenant's letters, by its key, with every deed on record.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock_cli.account import LOCAL, Account, Stage, account, calls
from penstock_cli.connection import ApiKey, Url, connect, segment
from penstock_cli.errors import Failure, WrongUse
from penstock_cli.files import read_json
from penstock_cli.output import AsJson, plain, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from penstock_cli.api import Api

app = typer.Typer(name="queue", help="Look at the consumers' queues, and settle dead letters.", no_args_is_help=True)
DEAD_LETTERS = "-dead-letters"
STREAM_FAILURES = "stream-failures"
FIFO = ".fifo"
POLL_SECONDS = 0.5
MOST_ROUNDS = 100
Consumer = Annotated[str, typer.Argument(metavar="NAME", help="The consumer that gave up")]
Letter = Annotated[str, typer.Argument(metavar="LETTER", help="The dead letter's id")]
Reason = Annotated[str, typer.Option(help="Why; it stays on record")]
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
    """Send all dead letters of a consumer back to its queue, by the account's rights. Mend what broke them first."""
    owner = account(stage)
    urls = _urls(owner)
    if name not in urls or name + DEAD_LETTERS not in urls:
        known = sorted(each.removesuffix(DEAD_LETTERS) for each in urls if each.endswith(DEAD_LETTERS))
        raise WrongUse(f"{name}: no consumer of stage {stage} has this name; there are: {', '.join(known) or 'none'}")
    with calls(stage):
        moved = _move(owner.client("sqs"), urls[name + DEAD_LETTERS], timeout)
    show({"name": name, "moved": moved}, as_json, lambda console: console.print(f"{moved} moved back to {name}"))


@app.command()
def letters(
    name: Consumer,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most")] = 50,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List your dead letters of a consumer."""
    with connect(url, api_key) as api:
        found = api.get(_path(name), {"limit": limit})
    columns = ("id", "stream", "attempts", "sent_at", "first_tried_at")
    rows = [[each[column] for column in columns] for each in found["items"]]
    show(found, as_json, lambda console: console.print(table(columns, rows)))


@app.command("show")
def inspect(name: Consumer, letter: Letter, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show a dead letter: its body, how its stream stands, and what would break its readers now."""
    with connect(url, api_key) as api:
        found = api.get(_path(name, letter))
    show(found, as_json, lambda console: _tell(console, found))


@app.command()
def resend(
    name: Consumer,
    reason: Reason,
    letter: Annotated[str | None, typer.Argument(metavar="[LETTER]", help="Only this one; else all of yours")] = None,
    body: Annotated[str | None, typer.Option(metavar="FILE", help="JSON that takes the place of its body")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to their consumer again, on record; one also with another body, or after it was discarded."""
    if body and not letter:
        raise WrongUse("--body: takes the place of one letter's body: name the letter")
    with connect(url, api_key) as api:
        sent = _resend_one(api, name, letter, body, reason) if letter else _resend_all(api, name, reason)
    show({"name": name, "redriven": sent}, as_json, lambda console: console.print(f"{sent} sent to {name} again"))


@app.command()
def discard(
    name: Consumer, letter: Letter, reason: Reason, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Take a dead letter out of its queue. Its body stays on record; `resend` sends it after all."""
    with connect(url, api_key) as api:
        api.delete(_path(name, letter), {"reason": reason})
    show({"name": name, "discarded": letter}, as_json, lambda console: console.print(f"{letter} is discarded"))


def _resend_one(api: "Api", name: str, letter: str, body: str | None, reason: str) -> int:
    if body:
        api.put(_path(name, letter), {"body": read_json(body), "reason": reason})
    else:
        api.post(_path(name, letter, "redrive"), {"reason": reason})
    return 1


def _resend_all(api: "Api", name: str, reason: str) -> int:
    """A request sends what one look through the queue meets: asks until that is all, or is nothing."""
    sent = 0
    for _ in range(MOST_ROUNDS):
        answer = api.post(_path(name, "redrive"), {"reason": reason})
        sent += answer["redriven"]
        if answer["is_complete"] or not answer["redriven"]:
            break
    return sent


def _path(*parts: str) -> str:
    return "/".join(["/v1/dead-letters", *map(segment, parts)])


def _tell(console: "Console", found: dict[str, Any]) -> None:
    columns = ("status", "stream", "attempts", "sent_at", "first_tried_at", "stream_commit")
    console.print(table(("letter", found["id"]), [(column, found[column]) for column in columns]))
    console.print(plain(found["body"]), soft_wrap=True)
    rows = [(each["name"], each["commit"], _place(each["fault"])) for each in found["readers"]]
    console.print(table(("reader", "commit", "breaks on"), rows))


def _place(fault: dict[str, Any] | None) -> str | None:
    return f"{fault['error']} in {fault['function']}, line {fault['line']}" if fault else None


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
    """The stage's queues by name, without what all names begin with and FIFO queues' names end with."""
    prefix = f"{owner.prefix}-"
    with calls(owner.stage):
        pages = owner.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
        urls = [url for page in pages for url in page.get("QueueUrls", ())]
    return {url.rpartition("/")[2].removeprefix(prefix).removesuffix(FIFO): url for url in urls}


def _depth(sqs: Any, url: str) -> dict[str, int]:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS.values()))["Attributes"]
    return {name: int(found.get(attribute, 0)) for name, attribute in _COUNTS.items()}
