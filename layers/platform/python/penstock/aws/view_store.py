"""Read models in DynamoDB; the shapes of the items are in `view_items`.

Most rows are one item, and saving one is one conditional put. Lookups are written before the row and removed after it,
and a reader believes one only when the row names it too. What a crash leaves behind is therefore never seen. Each
carries the commit it was written for, so that a slow rival neither overwrites nor removes a newer one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, translated
from penstock.aws.tables import Item, batch_get, pages
from penstock.aws.view_items import (
    Lookup,
    commit_value,
    gpk_of,
    gsi_of,
    key_of,
    lookup_pk,
    lookups,
    row_item,
    row_key,
    start_key,
    to_row,
)
from penstock.events.model import StreamId
from penstock.events.views import (
    DEFAULT_INDEX,
    Among,
    Listing,
    Page,
    Row,
    View,
    everything,
    index_text,
    page,
    start,
    view,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoViewStore:
    """A ViewStore in DynamoDB. Safe for threads. Also raises AwsError."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def load(self, projection: str, stream: StreamId) -> Row | None:
        """See ViewStore.load. A consistent read."""
        return self._load(stream.tenant, projection, stream.key)

    def save(self, row: Row, replaces: Row | None) -> bool:
        """See ViewStore.save."""
        item = row_item(row)
        old, new = lookups(replaces), lookups(row)
        for lookup in new - old:
            self._put_lookup(lookup, row.position.commit)
        if not self._put_row(item, replaces):
            return False
        for lookup in old - new:
            self._delete_lookup(lookup, row.position.commit)
        return True

    def remove(self, row: Row) -> None:
        """See ViewStore.remove. The row goes first: what it no longer confirms is not seen."""
        if self._try(
            self._client.delete_item,
            Key=row_key(row.stream.tenant, row.projection, row.stream.key),
            **self._unchanged(row),
        ):
            for lookup in lookups(row):
                self._delete_lookup(lookup, row.position.commit)

    def get(self, tenant: str, projection: str, key: str) -> View | None:
        """See ViewStore.get. A consistent read."""
        row = self._load(tenant, projection, key)
        return view(row) if row else None

    def list(
        self,
        tenant: str,
        projection: str,
        *,
        index: str = DEFAULT_INDEX,
        prefix: str = "",
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """See ViewStore.list. The order is that of the GSI, which lags; the documents are read consistently."""
        listing = Listing(tenant, projection, index, prefix, newest_first)
        found = self._listed(listing, start(listing, limit, cursor), limit + 1)
        return page(listing, limit, tuple(islice(found, limit + 1)))

    def lookup(self, tenant: str, name: str, key: str, among: Among = everything) -> Sequence[str]:
        """See ViewStore.lookup. A consistent read."""
        request: Item = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": lookup_pk(tenant, name, key)}},
            "ConsistentRead": True,
        }
        owners = [item["sk"]["S"].split("#") for items in pages(self._client.query, request) for item in items]
        rows = (self._load(tenant, projection, owner) for projection, owner in owners if among(projection))
        return sorted({row.stream.key for row in rows if row and (name, key) in row.lookups})

    def _load(self, tenant: str, projection: str, key: str) -> Row | None:
        with translated():
            found = self._client.get_item(
                TableName=self._table, Key=row_key(tenant, projection, key), ConsistentRead=True
            )
        return to_row(found["Item"]) if "Item" in found else None

    def _put_row(self, item: Item, replaces: Row | None) -> bool:
        condition = self._unchanged(replaces) if replaces else {"ConditionExpression": "attribute_not_exists(pk)"}
        return self._try(self._client.put_item, Item=item, **condition)

    @staticmethod
    def _unchanged(row: Row) -> Item:
        """The condition that the row is still what is kept."""
        return {
            "ConditionExpression": "#commit = :commit AND revision = :revision",
            "ExpressionAttributeNames": {"#commit": "commit"},
            "ExpressionAttributeValues": {
                ":commit": {"N": str(row.position.commit)},
                ":revision": {"N": str(row.revision)},
            },
        }

    def _put_lookup(self, lookup: Lookup, commit: int) -> bool:
        return self._try(
            self._client.put_item,
            Item={**lookup.key(), "commit": {"N": str(commit)}},
            ConditionExpression="attribute_not_exists(pk) OR #commit < :commit",
            **commit_value(commit),
        )

    def _delete_lookup(self, lookup: Lookup, commit: int) -> bool:
        return self._try(
            self._client.delete_item,
            Key=lookup.key(),
            ConditionExpression="#commit <= :commit",
            **commit_value(commit),
        )

    def _try(self, write: Callable[..., Any], **request: Any) -> bool:
        """Whether the condition held."""
        try:
            with translated():
                write(TableName=self._table, **request)
        except ConditionFailed:
            return False
        return True

    def _listed(self, listing: Listing, after: str | None, limit: int) -> Iterator[tuple[str, Row]]:
        """(index text, row) in the index's order, without what the rows do not confirm: the GSI lags behind them."""
        text_key = gsi_of(listing.index).sk
        for items in pages(self._client.query, self._listing_request(listing, after, limit)):
            found = [(item[text_key]["S"], key_of(item)) for item in items]
            rows = self._rows(listing, {key for _, key in found})
            for text, key in found:
                row = rows.get(key)
                if row and listing.index in row.index and index_text(row, listing.index) == text:
                    yield text, row

    def _listing_request(self, listing: Listing, after: str | None, limit: int) -> Item:
        gsi, partition = gsi_of(listing.index), gpk_of(listing.tenant, listing.projection, listing.index)
        condition, values = f"{gsi.pk} = :gpk", {":gpk": {"S": partition}}
        if listing.prefix:
            condition = f"{condition} AND begins_with({gsi.sk}, :prefix)"
            values = {**values, ":prefix": {"S": listing.prefix}}
        request: Item = {
            "TableName": self._table,
            "IndexName": gsi.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not listing.newest_first,
            "Limit": limit,
        }
        return request if after is None else {**request, "ExclusiveStartKey": start_key(listing, after)}

    def _rows(self, listing: Listing, keys: Iterable[str]) -> Mapping[str, Row]:
        """The rows that there are, by key."""
        wanted = [row_key(listing.tenant, listing.projection, key) for key in sorted(keys)]
        rows = map(to_row, batch_get(self._client, self._table, wanted))
        return {row.stream.key: row for row in rows}
