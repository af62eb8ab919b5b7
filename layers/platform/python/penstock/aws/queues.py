"""SQS: messages out."""

import random
from collections.abc import Iterator, Mapping, Sequence
from time import sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from penstock.aws.errors import translated
from penstock.json import JSON, dumps

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_DELAY = 900  # seconds, SQS's own
_A_BATCH = 10
_ATTEMPTS = 3
Message = dict[str, Any]


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
        delayed = {"DelaySeconds": delay}
        return self._send_all(url, [{"MessageBody": dumps(body).decode(), **delayed} for body in bodies])

    def send_ordered(self, url: str, bodies: Sequence[JSON], groups: Sequence[str]) -> frozenset[int]:
        """The same for a FIFO queue: messages of one group are handed over in order, one batch at a time."""
        messages = [
            {"MessageBody": dumps(body).decode(), "MessageGroupId": group, "MessageDeduplicationId": uuid4().hex}
            for body, group in zip(bodies, groups, strict=True)
        ]
        return self._send_all(url, messages)

    def _send_all(self, url: str, messages: Sequence[Message]) -> frozenset[int]:
        return frozenset(
            place
            for at in range(0, len(messages), _A_BATCH)
            for place in self._send_batch(url, dict(enumerate(messages[at : at + _A_BATCH], at)))
        )

    def _send_batch(self, url: str, messages: Mapping[int, Message]) -> Iterator[int]:
        for attempt in range(_ATTEMPTS):
            sleep(attempt and random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - jitter, no secret
            entries: Any = [{"Id": str(place), **message} for place, message in messages.items()]
            with translated():
                answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            messages = {int(each["Id"]): messages[int(each["Id"])] for each in answer.get("Failed", ())}
            if not messages:
                return
        yield from messages
