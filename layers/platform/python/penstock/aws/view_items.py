"""The items of the views table that make up read models.

    row      pk = tenant#view#projection#key       sk = row
    lookup   pk = tenant#lookup#name#<SHA-256>     sk = <projection>#<key>        one for each lookup

A row carries the keys of each index that it stands in: `gpk` and `gsk` for the default one, `gpk<n>` and `gsk<n>` for a
named one, whose name picks n. The table has a GSI for each pair, which needs keys only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zlib import crc32

from penstock.aws.tables import Item
from penstock.events.views import DEFAULT_INDEX, SEPARATOR, Listing, Row, index_text, pack, unpack

_NAMED_INDEXES = 8


@dataclass(frozen=True, slots=True)
class Gsi:
    """One of the table's indexes, and the attributes that are its keys. No number: the default index."""

    number: str = ""

    @property
    def name(self) -> str:
        """Of the index."""
        return f"by_index{self.number}"

    @property
    def pk(self) -> str:
        """The attribute of its partition key: one listing of one tenant."""
        return f"gpk{self.number}"

    @property
    def sk(self) -> str:
        """The attribute of its sort key: the text that the listing sorts by."""
        return f"gsk{self.number}"


GSIS = (Gsi(), *(Gsi(str(number)) for number in range(_NAMED_INDEXES)))


def gsi_of(index: str) -> Gsi:
    """The one that serves the index of that name, in every projection that has one so named.

    Readers need no projection's code to know it. Two indexes of one projection may not meet on the same.
    """
    return Gsi() if index == DEFAULT_INDEX else Gsi(str(crc32(index.encode()) % _NAMED_INDEXES))


@dataclass(frozen=True, slots=True)
class Lookup:
    """An item beside the row, by which the row is found."""

    pk: str
    sk: str

    def key(self) -> Item:
        """Its primary key."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


def lookups(row: Row | None) -> frozenset[Lookup]:
    """Every lookup that the row stands behind."""
    if row is None:
        return frozenset()
    tenant, owner = row.stream.tenant, f"{row.projection}#{row.stream.key}"
    return frozenset(Lookup(lookup_pk(tenant, name, value), owner) for name, value in row.lookups)


def row_item(row: Row) -> Item:
    """The row as an item. Raises ViewTooLarge, ValueError when two of its indexes meet on one GSI."""
    return {
        **row_key(row.stream.tenant, row.projection, row.stream.key),
        **_index_keys(row),
        "commit": {"N": str(row.position.commit)},
        "revision": {"N": str(row.revision)},
        "blob": {"B": pack(row)},
    }


def _index_keys(row: Row) -> Item:
    keys: Item = {}
    for index in row.index:
        gsi = gsi_of(index)
        if gsi.pk in keys:
            raise ValueError(f"projection {row.projection}: index {index!r} meets another on {gsi.name}; rename one")
        keys[gsi.pk] = {"S": gpk_of(row.stream.tenant, row.projection, index)}
        keys[gsi.sk] = {"S": index_text(row, index)}
    return keys


def to_row(item: Mapping[str, Any]) -> Row:
    """The inverse of `row_item`."""
    return unpack(item["blob"]["B"])


def _row_pk(tenant: str, projection: str, key: str) -> str:
    return f"{tenant}#view#{projection}#{key}"


def key_of(item: Mapping[str, Any]) -> str:
    """The stream's key that a row belongs to."""
    return str(item["pk"]["S"]).rsplit("#", 1)[1]


def row_key(tenant: str, projection: str, key: str) -> Item:
    """The primary key of a row."""
    return {"pk": {"S": _row_pk(tenant, projection, key)}, "sk": {"S": "row"}}


def lookup_pk(tenant: str, name: str, key: str) -> str:
    """Keys are hashed: they may be of any length and hold anything."""
    return f"{tenant}#lookup#{name}#{sha256(key.encode()).hexdigest()}"


def gpk_of(tenant: str, projection: str, index: str) -> str:
    """The GSI's partition: one listing of one tenant."""
    return f"{tenant}#{projection}#{index}"


def start_key(listing: Listing, after: str) -> Item:
    """The ExclusiveStartKey of the row whose index text is `after`."""
    gsi = gsi_of(listing.index)
    return {
        **row_key(listing.tenant, listing.projection, after.rsplit(SEPARATOR, 1)[1]),
        gsi.pk: {"S": gpk_of(listing.tenant, listing.projection, listing.index)},
        gsi.sk: {"S": after},
    }


def commit_value(commit: int) -> Item:
    """`#commit` and `:commit` for a condition."""
    return {
        "ExpressionAttributeNames": {"#commit": "commit"},
        "ExpressionAttributeValues": {":commit": {"N": str(commit)}},
    }
