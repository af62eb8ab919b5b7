"""SQS: messages out, and dead letters back to where they came from."""

import random
from collections.abc import Iterator, Sequence
from time import sleep
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import translated
from penstock.json import JSON, dumps

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_DELAY = 900  # seconds, SQS's own
_A_BATCH = 10
_ATTEMPTS = 3
_WAIT = 1  # seconds that a receive waits for a message
_HIDDEN = 60  # seconds that a dead letter is hidden while it moves


class Queues:
    """Sends JSON to queues by their URLs. Raises AwsError."""

    def __init__(self, client: "SQSClient") -> None:
        self._client = client

    def send(self, url: str, body: JSON, delay: int = 0) -> None:
        """Send one message, visible after `delay` seconds (0 to 900)."""
        with translated():
            self._client.send_message(QueueUrl=url, MessageBody=dumps(body).decode(), DelaySeconds=delay)

    def send_all(self, url: str, bodies: Sequence[JSON], delay: int = 0) -> frozenset[int]:
        """Send messages, ten a request; returns the places of those that SQS did not take after three attempts."""
        texts = [dumps(body).decode() for body in bodies]
        return frozenset(
            place
            for at in range(0, len(texts), _A_BATCH)
            for place in self._send_batch(url, dict(enumerate(texts[at : at + _A_BATCH], at)), delay)
        )

    def redrive(self, dead_letters: str, queue: str, limit: int = 10_000) -> int:
        """Move dead letters back to their queue, `limit` at most; returns how many moved.

        A letter is deleted after the queue has taken it, so a crash doubles one and loses none.
        """
        moved = 0
        while moved < limit:
            letters = self._receive(dead_letters, min(_A_BATCH, limit - moved))
            if not letters:
                return moved
            taken = self._move(letters, dead_letters, queue)
            if not taken:
                return moved
            moved += taken
        return moved

    def _send_batch(self, url: str, texts: dict[int, str], delay: int) -> Iterator[int]:
        for attempt in range(_ATTEMPTS):
            sleep(attempt and random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - jitter, no secret
            entries: Any = [
                {"Id": str(place), "MessageBody": text, "DelaySeconds": delay} for place, text in texts.items()
            ]
            with translated():
                answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            texts = {int(each["Id"]): texts[int(each["Id"])] for each in answer.get("Failed", ())}
            if not texts:
                return
        yield from texts

    def _receive(self, url: str, count: int) -> Sequence[Any]:
        with translated():
            answer = self._client.receive_message(
                QueueUrl=url, MaxNumberOfMessages=count, WaitTimeSeconds=_WAIT, VisibilityTimeout=_HIDDEN
            )
        return answer.get("Messages", ())

    def _move(self, letters: Sequence[Any], dead_letters: str, queue: str) -> int:
        refused = set(self._send_batch(queue, {place: each["Body"] for place, each in enumerate(letters)}, 0))
        taken: Any = [
            {"Id": str(place), "ReceiptHandle": each["ReceiptHandle"]}
            for place, each in enumerate(letters)
            if place not in refused
        ]
        if taken:
            with translated():
                self._client.delete_message_batch(QueueUrl=dead_letters, Entries=taken)
        return len(taken)
