"""What tests of several areas share."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.aws.view_items import GSIS


def _create_tables(dynamodb: Any, events: str, views: str, keys_table: str | None = None) -> None:
    """The tables as `infra` defines them."""
    if keys_table:
        dynamodb.create_table(
            TableName=keys_table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "commit", "KeyType": "RANGE"}]
    types = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "commit", "AttributeType": "N"}]
    dynamodb.create_table(TableName=events, KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST")
    indexed = [name for gsi in GSIS for name in (gsi.pk, gsi.sk)]
    dynamodb.create_table(
        TableName=views,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", *indexed)],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": gsi.name,
                "KeySchema": [
                    {"AttributeName": gsi.pk, "KeyType": "HASH"},
                    {"AttributeName": gsi.sk, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for gsi in GSIS
        ],
    )


@pytest.fixture(scope="session")
def create_tables() -> Callable[..., None]:
    """Makes the events and views tables, and one for keys: `create_tables(dynamodb, events, views, keys)`."""
    return _create_tables
