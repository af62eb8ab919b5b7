"""Feeds in the views table.

entry   pk = tenant#feed                     sk = entry#<number, 15 digits>    blob: the spans, JSON through zstd
place   pk = tenant#feed#kind#key            sk = indexed                      commit: the last that is indexed
tenant  pk = #feeds                          sk = tenant                       written with a feed's first entry
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import zstandard

from penstock.aws.errors import ConditionFailed, translated
from penstock.aws.tables import Item, batch_get, pages
from penstock.events.feed import Entry, Span
from penstock.events.model import StreamId
from penstock.json import dumps, loads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TENANTS = "#feeds"
_LARGEST_JSON = 4 * 1024 * 1024


class DynamoFeed:
    """A FeedLog in DynamoDB. Safe for threads. Also raises AwsError."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def entries(self, tenant: str, after: int = 0) -> Iterator[Entry]:
        """See Feed.entries. Consistent reads, a page (up to 1 MB) at a time."""
        first, last = (_entry_sk(number) for number in (after + 1, 10**15 - 1))
        for item in self._query(_entries_pk(tenant), "sk BETWEEN :first AND :last", {":first": first, ":last": last}):
            yield _entry(tenant, item)

    def head(self, tenant: str) -> int:
        """See Feed.head."""
        newest = self._query(
            _entries_pk(tenant),
            "begins_with(sk, :entry)",
            {":entry": "entry#"},
            ScanIndexForward=False,
            Limit=1,
            ProjectionExpression="sk",
        )
        return next((_number(item) for item in newest), 0)

    def tenants(self) -> Sequence[str]:
        """See Feed.tenants."""
        return sorted(item["sk"]["S"] for item in self._query(_TENANTS, "sk > :none", {":none": " "}))

    def indexed(self, streams: Iterable[StreamId]) -> Mapping[StreamId, int]:
        """See FeedLog.indexed."""
        known = {_place_pk(stream): stream for stream in streams}
        places = batch_get(self._client, self._table, [_key(pk, "indexed") for pk in known])
        found = {item["pk"]["S"]: int(item["commit"]["N"]) for item in places}
        return {stream: found.get(pk, 0) for pk, stream in known.items()}

    def append(self, entry: Entry) -> bool:
        """See FeedLog.append. One transaction."""
        writes: Any = [{"Put": put} for put in self._puts(entry)]
        try:
            with translated():
                self._client.transact_write_items(TransactItems=writes)
        except ConditionFailed:
            return False
        return True

    def _puts(self, entry: Entry) -> Iterator[Item]:
        blob = zstandard.compress(dumps([_row(span) for span in entry.spans]))
        yield self._put(_entries_pk(entry.tenant), _entry_sk(entry.number), {"blob": {"B": blob}}, 1)
        for span in entry.spans:
            yield self._put(_place_pk(span.stream), "indexed", {"commit": {"N": str(span.last)}}, span.first)
        if entry.number == 1:
            yield {"TableName": self._table, "Item": _key(_TENANTS, entry.tenant)}

    def _put(self, pk: str, sk: str, values: Item, first: int) -> Item:
        """Put what begins at `first`: nothing may stand there before 1, and the commit before it afterwards."""
        put: Item = {"TableName": self._table, "Item": {**_key(pk, sk), **values}}
        if first == 1:
            return {**put, "ConditionExpression": "attribute_not_exists(pk)"}
        return {
            **put,
            "ConditionExpression": "#commit = :before",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {":before": {"N": str(first - 1)}},
        }

    def _query(self, pk: str, condition: str, values: Mapping[str, str], **options: Any) -> Iterator[Item]:
        request: Item = {
            "TableName": self._table,
            "KeyConditionExpression": f"pk = :pk AND {condition}",
            "ExpressionAttributeValues": {name: {"S": value} for name, value in {":pk": pk, **values}.items()},
            "ConsistentRead": True,
            **options,
        }
        for items in pages(self._client.query, request):
            yield from items


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _entries_pk(tenant: str) -> str:
    return f"{tenant}#feed"


def _place_pk(stream: StreamId) -> str:
    return f"{stream.tenant}#feed#{stream.kind}#{stream.key}"


def _entry_sk(number: int) -> str:
    return f"entry#{number:015}"


def _number(item: Mapping[str, Any]) -> int:
    return int(item["sk"]["S"].removeprefix("entry#"))


def _row(span: Span) -> list[Any]:
    return [span.stream.kind, span.stream.key, span.first, span.last, span.types, span.millis]


def _entry(tenant: str, item: Mapping[str, Any]) -> Entry:
    rows = loads(zstandard.decompress(item["blob"]["B"], max_output_size=_LARGEST_JSON))
    spans = (
        Span(StreamId(tenant, kind, key), first, last, tuple(types), millis)
        for kind, key, first, last, types, millis in rows
    )
    return Entry(tenant, _number(item), tuple(spans))
