"""Dead-letter queues in SQS, which has no way to look at a message but to receive it, and so to hide it.

A scan hides each letter that it meets until it ends, and then puts back what is left; a scan that dies puts it back
by SQS's own clock. While it runs, nobody else meets these letters. It meets 500 at most within ten seconds, in no
order: of a queue that is deeper, no scan sees all, and the next may see others.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from penstock.aws.errors import AwsError, translated
from penstock.clock import from_millis
from penstock.letters.errors import UnknownConsumer
from penstock.letters.model import Letter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_LETTERS = 500
LONGEST_SCAN = 10.0  # seconds
_HIDDEN = 40  # seconds: longer than the function that scans may run
_WAIT = 1  # seconds; a receive that does not wait asks only some of the servers that keep the queue
_A_BATCH = 10
_ATTRIBUTES = ("SentTimestamp", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount")


@dataclass(frozen=True)
class Pair:
    """A consumer's queue and the one where its failures wait, by URL."""

    queue: str
    dead_letters: str


@dataclass
class SqsScan:
    """A Scan. Iterating it again goes on where it was."""

    consumer: str
    receive: Callable[[], Sequence[Any]]
    remove: Callable[[str], None]
    now: Callable[[], float]
    is_complete: bool = False
    held: dict[str, str] = field(default_factory=dict)
    """Receipts of what is hidden, by message id."""
    deleted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._letters = self._met()

    def __iter__(self) -> Iterator[Letter]:
        return self._letters

    def delete(self, letter: Letter) -> None:
        """See Scan.delete."""
        self.remove(self.held[letter.id])
        del self.held[letter.id]
        self.deleted.add(letter.id)

    def _met(self) -> Iterator[Letter]:
        end = self.now() + LONGEST_SCAN
        while len(self.held) + len(self.deleted) < MOST_LETTERS and self.now() < end:
            messages = self.receive()
            if not messages:
                self.is_complete = True
                return
            known = self.held.keys() | self.deleted
            new = [message for message in messages if message["MessageId"] not in known]
            self.held.update({message["MessageId"]: message["ReceiptHandle"] for message in messages})
            yield from (_letter(self.consumer, message) for message in new)


@dataclass(frozen=True)
class SqsDeadLetters:
    """DeadLetterQueues in SQS. Raises UnknownConsumer, AwsError. `now` counts seconds, from anywhere."""

    client: "SQSClient"
    pairs: Mapping[str, Pair]
    now: Callable[[], float] = time.monotonic

    def consumers(self) -> Sequence[str]:
        """See DeadLetterQueues.consumers."""
        return sorted(self.pairs)

    def depth(self, consumer: str) -> int:
        """See DeadLetterQueues.depth. Letters that somebody looks at are counted."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self._pair(consumer).dead_letters
        with translated():
            found = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    @contextmanager
    def scan(self, consumer: str) -> Iterator[SqsScan]:
        """See DeadLetterQueues.scan."""
        url = self._pair(consumer).dead_letters
        scan = SqsScan(consumer, lambda: self._receive(url), lambda receipt: self._delete(url, receipt), self.now)
        try:
            yield scan
        finally:
            # What cannot be put back comes back by itself; what was done by then is done.
            with suppress(AwsError):
                self._put_back(url, list(scan.held.values()))

    def send(self, consumer: str, body: str) -> None:
        """See DeadLetterQueues.send."""
        url = self._pair(consumer).queue
        ordered: Any = {"MessageGroupId": "redriven", "MessageDeduplicationId": uuid4().hex}
        with translated():
            self.client.send_message(QueueUrl=url, MessageBody=body, **(ordered if url.endswith(".fifo") else {}))

    def _pair(self, consumer: str) -> Pair:
        if consumer not in self.pairs:
            raise UnknownConsumer(consumer)
        return self.pairs[consumer]

    def _receive(self, url: str) -> Sequence[Any]:
        attributes: Any = list(_ATTRIBUTES)
        with translated():
            answer = self.client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=_A_BATCH,
                WaitTimeSeconds=_WAIT,
                VisibilityTimeout=_HIDDEN,
                MessageSystemAttributeNames=attributes,
            )
        return answer.get("Messages", ())

    def _delete(self, url: str, receipt: str) -> None:
        with translated():
            self.client.delete_message(QueueUrl=url, ReceiptHandle=receipt)

    def _put_back(self, url: str, receipts: Sequence[str]) -> None:
        for at in range(0, len(receipts), _A_BATCH):
            entries: Any = [
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for place, receipt in enumerate(receipts[at : at + _A_BATCH])
            ]
            with translated():
                self.client.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _letter(consumer: str, message: Mapping[str, Any]) -> Letter:
    told = message.get("Attributes", {})
    return Letter(
        consumer,
        message["MessageId"],
        message["Body"],
        message["ReceiptHandle"],
        int(told.get("ApproximateReceiveCount", 0)),
        _time(told.get("SentTimestamp")),
        _time(told.get("ApproximateFirstReceiveTimestamp")),
    )


def _time(millis: str | None) -> datetime | None:
    return from_millis(int(millis)) if millis else None
