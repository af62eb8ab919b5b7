"""The EventBridge bus."""

import random
from collections.abc import Iterator, Sequence
from time import sleep
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import Unavailable, translated
from penstock.events.publishing import Message

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "penstock"
_A_REQUEST = 10
_LARGEST_REQUEST = 256 * 1024
_ENTRY_OVERHEAD = 14  # bytes that EventBridge counts for an entry's time
_ATTEMPTS = 4


class EventBridgeBus:
    """A Bus. One request is at most ten entries and 256 KB."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client, self._name = client, name

    def put(self, messages: Sequence[Message]) -> None:
        """See Bus.put. What EventBridge refuses is tried again with backoff before what follows it. Raises AwsError."""
        for batch in batches(messages):
            self._put([self._entry(each) for each in batch])

    def _put(self, entries: Sequence[Any]) -> None:
        code = ""
        for attempt in range(_ATTEMPTS):
            sleep(attempt and random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - jitter, no secret
            with translated():
                results = self._client.put_events(Entries=entries)["Entries"]
            refused = [(entry, result) for entry, result in zip(entries, results, strict=True) if "ErrorCode" in result]
            if not refused:
                return
            entries, code = [entry for entry, _ in refused], refused[0][1]["ErrorCode"]
        raise Unavailable("PutEvents", code)

    def _entry(self, message: Message) -> dict[str, Any]:
        return {
            "Source": SOURCE,
            "DetailType": message.type,
            "Detail": message.detail.decode(),
            "Time": message.time,
            "EventBusName": self._name,
        }


def batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """The messages in order, as few requests as the limits allow."""
    batch: list[Message] = []
    size = 0
    for each in messages:
        length = len(each.detail) + len(each.type.encode()) + len(SOURCE) + _ENTRY_OVERHEAD
        if batch and (len(batch) == _A_REQUEST or size + length > _LARGEST_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += length
    if batch:
        yield batch
