"""The keyring in a DynamoDB table of its own; what opens it lies in KMS.

    pk = tenant            sk = tenant        secret: the tenant's secret, encrypted by KMS for {tenant}
    pk = tenant#<family>   sk = <generation>  secret: a data key, encrypted with the tenant's secret
                                              streams: whose commits it seals

A key that was ended has no `secret`, and its item stays. KMS is asked once for each tenant and process.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, Unavailable, translated
from penstock.aws.tables import pages
from penstock.events.errors import UnknownKey
from penstock.events.keyring import (
    KEY_BYTES,
    MOST_STREAMS,
    DataKey,
    Family,
    family_of,
    key_id,
    parse_key_id,
    pseudonym,
)
from penstock.events.model import StreamId
from penstock.events.sealing import cipher

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NONCE = 12
_TRIES = 5
_CREATES = "attribute_not_exists(pk) OR attribute_exists(secret)"
_HAS_ROOM = "attribute_not_exists(streams) OR size(streams) < :most OR contains(streams, :name)"
Item = Mapping[str, Any]


class DynamoKeyring:
    """A Keyring in one DynamoDB table, under one KMS key. Safe for threads. Also raises AwsError.

    KMS's client is made when it is needed, which in most processes it is not.
    """

    def __init__(self, client: "DynamoDBClient", table: str, kms: Callable[[], Any], kms_key: str) -> None:
        self._client, self._table, self._kms, self._kms_key = client, table, kms, kms_key
        self._secrets: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def pseudonym(self, tenant: str, text: str) -> str:
        """See Keyring.pseudonym."""
        return pseudonym(self._secret(tenant), text)

    def seal_key(self, tenant: str, correlation: str, stream: StreamId) -> DataKey:
        """See Keyring.seal_key. One write, which makes the key or finds it; two more after one of the family ended."""
        family, generation = family_of(self, tenant, correlation), 1
        for _ in range(_TRIES):
            if item := self._noted(tenant, family, generation, stream):
                return self._data_key(tenant, family, item)
            generation = self._newer(tenant, family, generation)
        raise Unavailable("UpdateItem", "KeysChangeTooFast")

    def open_key(self, tenant: str, key: str) -> bytes | None:
        """See Keyring.open_key. A consistent read."""
        family, generation = parse_key_id(key)
        with translated():
            item: Any = self._client.get_item(
                TableName=self._table, Key=_key(tenant, family, generation), ConsistentRead=True
            ).get("Item")
        if item is None:
            raise UnknownKey(key)
        return self._unwrapped(tenant, key, item["secret"]["B"]) if "secret" in item else None

    def family(self, tenant: str, family: str) -> Family:
        """See Keyring.family."""
        return _family(family, list(self._items(tenant, family)))

    def end(self, tenant: str, family: str) -> Family:
        """See Keyring.end. The secret is taken out of the item; what else it says stays."""
        ended = [self._end(tenant, family, _generation(item)) for item in self._items(tenant, family)]
        return _family(family, ended)

    def _noted(self, tenant: str, family: str, generation: int, stream: StreamId) -> Item | None:
        """The key's item, with the stream among those that it seals; None when the key was ended or is full."""
        wrapped = self._wrapped(tenant, key_id(family, generation), secrets.token_bytes(KEY_BYTES))
        try:
            with translated():
                return self._client.update_item(
                    TableName=self._table,
                    Key=_key(tenant, family, generation),
                    UpdateExpression="SET secret = if_not_exists(secret, :secret) ADD streams :one",
                    ConditionExpression=f"({_CREATES}) AND ({_HAS_ROOM})",
                    ExpressionAttributeValues={
                        ":secret": {"B": wrapped},
                        ":one": {"SS": [str(stream)]},
                        ":name": {"S": str(stream)},
                        ":most": {"N": str(MOST_STREAMS)},
                    },
                    ReturnValues="ALL_NEW",
                )["Attributes"]
        except ConditionFailed:
            return None

    def _newer(self, tenant: str, family: str, generation: int) -> int:
        """The family's newest generation, or, when that is the one that was tried, the next."""
        newest = max((_generation(item) for item in self._items(tenant, family)), default=0)
        return newest if newest > generation else generation + 1

    def _end(self, tenant: str, family: str, generation: int) -> Item:
        with translated():
            return self._client.update_item(
                TableName=self._table,
                Key=_key(tenant, family, generation),
                UpdateExpression="REMOVE secret",
                ReturnValues="ALL_NEW",
            )["Attributes"]

    def _items(self, tenant: str, family: str) -> Iterator[Item]:
        request: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{tenant}#{family}"}},
            "ConsistentRead": True,
        }
        for page in pages(self._client.query, request):
            yield from page

    def _data_key(self, tenant: str, family: str, item: Item) -> DataKey:
        key = key_id(family, _generation(item))
        return DataKey(key, self._unwrapped(tenant, key, item["secret"]["B"]))

    def _wrapped(self, tenant: str, key: str, secret: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + cipher(self._secret(tenant)).encrypt(nonce, secret, f"{tenant} {key}".encode())

    def _unwrapped(self, tenant: str, key: str, wrapped: bytes) -> bytes:
        return cipher(self._secret(tenant)).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], f"{tenant} {key}".encode())

    def _secret(self, tenant: str) -> bytes:
        """The tenant's secret, opened by KMS once a process."""
        with self._lock:
            if tenant not in self._secrets:
                self._secrets[tenant] = self._opened(tenant)
            return self._secrets[tenant]

    def _opened(self, tenant: str) -> bytes:
        """Of two processes that make it, one is first, and both have the first one's."""
        key: Any = {"pk": {"S": tenant}, "sk": {"S": "tenant"}}
        context = {"tenant": tenant}
        with translated():
            found: Any = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            if "Item" not in found:
                made = self._kms().generate_data_key(KeyId=self._kms_key, KeySpec="AES_256", EncryptionContext=context)
                found = self._client.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="SET secret = if_not_exists(secret, :secret)",
                    ExpressionAttributeValues={":secret": {"B": made["CiphertextBlob"]}},
                    ReturnValues="ALL_NEW",
                )
            wrapped = (found.get("Item") or found["Attributes"])["secret"]["B"]
            opened = self._kms().decrypt(KeyId=self._kms_key, CiphertextBlob=wrapped, EncryptionContext=context)
        secret: bytes = opened["Plaintext"]
        return secret


def _key(tenant: str, family: str, generation: int) -> Any:
    return {"pk": {"S": f"{tenant}#{family}"}, "sk": {"S": f"{generation:06d}"}}


def _generation(item: Item) -> int:
    return int(item["sk"]["S"])


def _family(family: str, items: list[Item]) -> Family:
    ids = {key_id(family, _generation(item)): "secret" in item for item in items}
    return Family(
        tuple(key for key, lives in ids.items() if lives),
        tuple(key for key, lives in ids.items() if not lives),
        frozenset(StreamId.parse(name) for item in items for name in item.get("streams", {}).get("SS", ())),
    )
