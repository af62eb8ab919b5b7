"""The items of the views table that make up read models.

    row      pk = tenant#view#projection#key       sk = row
    entry    pk = tenant#view#projection#key       sk = index#<index>#<text>      one for each named index
    lookup   pk = tenant#lookup#name#<SHA-256>     sk = <projection>#<key>        one for each lookup

Rows and entries carry `gpk = tenant#projection#index` and `gsk = <text>` for the GSI `by_index`, which needs keys only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from penstock.aws.tables import Item
from penstock.events.views import DEFAULT_INDEX, SEPARATOR, Listing, Row, index_text, pack, unpack


@dataclass(frozen=True, slots=True)
class Extra:
    """An item beside the row, by which the row is found."""

    pk: str
    sk: str
    gpk: str | None = None
    gsk: str | None = None

    def key(self) -> Item:
        """Its primary key."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}

    def index_key(self) -> Item:
        """Its key in the GSI; empty for a lookup."""
        return {"gpk": {"S": self.gpk}, "gsk": {"S": self.gsk}} if self.gpk else {}


def extras(row: Row | None) -> frozenset[Extra]:
    """Every entry and lookup that the row stands behind."""
    if row is None:
        return frozenset()
    tenant, projection, key = row.stream.tenant, row.projection, row.stream.key
    entries = {
        Extra(
            _row_pk(tenant, projection, key),
            _entry_sk(index, index_text(row, index)),
            gpk_of(tenant, projection, index),
            index_text(row, index),
        )
        for index in row.index
        if index != DEFAULT_INDEX
    }
    lookups = {Extra(lookup_pk(tenant, name, value), f"{projection}#{key}") for name, value in row.lookups}
    return frozenset(entries | lookups)


def row_item(row: Row) -> Item:
    """The row as an item. Raises ViewTooLarge."""
    item = {
        **row_key(row.stream.tenant, row.projection, row.stream.key),
        "commit": {"N": str(row.position.commit)},
        "revision": {"N": str(row.revision)},
        "blob": {"B": pack(row)},
    }
    if DEFAULT_INDEX in row.index:
        item["gpk"] = {"S": gpk_of(row.stream.tenant, row.projection, DEFAULT_INDEX)}
        item["gsk"] = {"S": index_text(row, DEFAULT_INDEX)}
    return item


def to_row(item: Mapping[str, Any]) -> Row:
    """The inverse of `row_item`."""
    return unpack(item["blob"]["B"])


def _row_pk(tenant: str, projection: str, key: str) -> str:
    return f"{tenant}#view#{projection}#{key}"


def key_of(item: Mapping[str, Any]) -> str:
    """The stream's key that a row or an entry belongs to."""
    return str(item["pk"]["S"]).rsplit("#", 1)[1]


def row_key(tenant: str, projection: str, key: str) -> Item:
    """The primary key of a row."""
    return {"pk": {"S": _row_pk(tenant, projection, key)}, "sk": {"S": "row"}}


def _entry_sk(index: str, text: str) -> str:
    return f"index#{index}#{text}"


def lookup_pk(tenant: str, name: str, key: str) -> str:
    """Keys are hashed: they may be of any length and hold anything."""
    return f"{tenant}#lookup#{name}#{sha256(key.encode()).hexdigest()}"


def gpk_of(tenant: str, projection: str, index: str) -> str:
    """The GSI's partition: one listing of one tenant."""
    return f"{tenant}#{projection}#{index}"


def start_key(listing: Listing, after: str) -> Item:
    """The ExclusiveStartKey of the entry whose index text is `after`."""
    key = after.rsplit(SEPARATOR, 1)[1]
    return {
        "pk": {"S": _row_pk(listing.tenant, listing.projection, key)},
        "sk": {"S": "row" if listing.index == DEFAULT_INDEX else _entry_sk(listing.index, after)},
        "gpk": {"S": gpk_of(listing.tenant, listing.projection, listing.index)},
        "gsk": {"S": after},
    }


def commit_value(commit: int) -> Item:
    """`#commit` and `:commit` for a condition."""
    return {
        "ExpressionAttributeNames": {"#commit": "commit"},
        "ExpressionAttributeValues": {":commit": {"N": str(commit)}},
    }
