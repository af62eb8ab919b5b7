"""Reading DynamoDB to the end: the pages of a query or a scan, and the keys that a batch left out."""

import random
from collections.abc import Callable, Iterator, Sequence
from time import sleep
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import Unavailable, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
_KEYS_A_BATCH = 100
_BATCH_ATTEMPTS = 8


def pages(ask: Callable[..., Any], request: Item) -> Iterator[Sequence[Item]]:
    """The items that a client's `query` or `scan` finds, a page (up to 1 MB) at a time. Raises AwsError."""
    while True:
        with translated():
            answer = ask(**request)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}


def batch_get(client: "DynamoDBClient", table: str, keys: Sequence[Item]) -> Iterator[Item]:
    """The items that there are, in no order; consistent reads. Raises AwsError."""
    for at in range(0, len(keys), _KEYS_A_BATCH):
        yield from _batch(client, table, keys[at : at + _KEYS_A_BATCH])


def _batch(client: "DynamoDBClient", table: str, keys: Sequence[Item]) -> Iterator[Item]:
    """What DynamoDB leaves undone is asked for again, with backoff."""
    wanted: Any = {table: {"Keys": keys, "ConsistentRead": True}}
    for attempt in range(1, _BATCH_ATTEMPTS + 1):
        with translated():
            answer: Any = client.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table, ())
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return
        sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, no secret
    raise Unavailable("BatchGetItem", "UnprocessedKeys")
