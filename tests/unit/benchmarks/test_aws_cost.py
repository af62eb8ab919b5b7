"""What is billed: units by their sizes, counted from calls, and what they cost."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from benchmarks.aws_cost import measure, table
from benchmarks.billing import PRICES, Units, chunks, cost, item_size, read_units, write_units
from benchmarks.metering import Meter, waited
from penstock.aws import clients

KB = 1_024


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Meter]:
    """A meter that hears of every client, beside the two tables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        create_tables(boto3.client("dynamodb"), "events", "views")
        made = Meter("events")
        made.attach(boto3._get_default_session())
        clients.client.cache_clear()
        with made.counting(True):
            yield made
        clients.client.cache_clear()


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "ab"}}, 4),
        ({"n": {"N": "123"}}, 1 + 3),
        ({"b": {"B": b"12345"}}, 6),
        ({"l": {"L": [{"S": "a"}, {"S": "bc"}]}}, 1 + 3 + 2 + 3),
        ({"ü": {"S": "ü"}}, 4),
        ({"t": {"BOOL": True}}, 2),
        ({"s": {"SS": ["a", "bc"]}}, 4),
    ],
)
def test_an_item_has_the_size_of_its_names_and_values(item: dict[str, Any], size: int) -> None:
    assert item_size(item) == size


def test_units_are_whole_and_never_none() -> None:
    assert [write_units(size) for size in (0, 1, KB, KB + 1)] == [1, 1, 1, 2]
    assert [chunks(size) for size in (0, 64 * KB, 64 * KB + 1)] == [1, 1, 2]
    assert read_units([4 * KB, 1], is_consistent=True) == 2
    assert read_units([], is_consistent=False) == 0.5


def test_writes_are_counted_by_size_and_by_what_they_change_in_the_index(meter: Meter) -> None:
    dynamodb = clients.dynamodb()
    dynamodb.put_item(TableName="events", Item={"pk": {"S": "a"}, "commit": {"N": "1"}, "blob": {"B": b"x" * 2 * KB}})
    assert {name: count for name, count in meter.units.items() if count} == {"events_writes": 3}
    entry = {"pk": {"S": "a"}, "sk": {"S": "b"}, "gpk": {"S": "g"}}
    for text in ("1", "1", "2"):
        dynamodb.put_item(TableName="views", Item={**entry, "gsk": {"S": text}})
    assert (meter.units["views_writes"], meter.units["index_writes"]) == (3, 1 + 0 + 2)
    dynamodb.delete_item(TableName="views", Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert (meter.units["views_writes"], meter.units["index_writes"]) == (4, 4)


def test_a_write_that_is_refused_is_billed_and_changes_nothing(meter: Meter) -> None:
    entry = {"pk": {"S": "a"}, "sk": {"S": "b"}, "gpk": {"S": "g"}, "gsk": {"S": "1"}}
    for _ in range(2):
        try:
            clients.dynamodb().put_item(TableName="views", Item=entry, ConditionExpression="attribute_not_exists(pk)")
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            refused = True
    assert refused
    assert (meter.units["views_writes"], meter.units["index_writes"]) == (2, 1)


def test_an_update_is_billed_by_what_it_leaves_and_a_transaction_twice(meter: Meter) -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    change: Any = {
        "UpdateExpression": "SET t = :t",
        "ExpressionAttributeValues": {":t": {"S": "x" * 2 * KB}},
    }
    clients.dynamodb().update_item(TableName="views", Key=key, **change)
    assert (meter.units["views_writes"], meter.units["reads"]) == (3, 0)
    clients.dynamodb().transact_write_items(TransactItems=[{"Update": {"TableName": "views", "Key": key, **change}}])
    assert meter.units["views_writes"] == 3 + 6


def test_reads_are_counted_found_or_not(meter: Meter) -> None:
    key = {"pk": {"S": "a"}, "commit": {"N": "1"}}
    clients.dynamodb().get_item(TableName="events", Key=key, ConsistentRead=True)
    clients.dynamodb().get_item(TableName="events", Key=key)
    assert meter.units["reads"] == 1.5


def test_an_operation_that_nobody_thought_of_is_not_left_out(meter: Meter) -> None:
    with pytest.raises(KeyError, match=r"dynamodb\.ListTables"):
        clients.dynamodb().list_tables()


def test_a_function_is_billed_for_its_request_and_its_time(meter: Meter) -> None:
    key = {"pk": {"S": "a"}, "commit": {"N": "1"}}
    meter.run(1_024, lambda: clients.dynamodb().get_item(TableName="events", Key=key))
    assert meter.units["invocations"] == 1
    assert 0.005 < meter.units["gb_s"] < 0.5


def test_calls_of_one_pool_wait_at_the_same_time() -> None:
    assert waited({"MainThread": 1, "pool-1_0": 2, "pool-1_1": 3, "pool-2_0": 5}) == 1 + 3 + 5


def test_every_part_of_the_write_path_is_on_the_bill() -> None:
    units, events, single = measure(2)
    assert (events, single) == (24, 24)
    assert units["events_writes"] == 2
    assert all(units[name] > 0 for name in ("api", "invocations", "gb_s", "views_writes", "index_writes", "sqs", "bus"))


def test_the_table_sets_the_cost_beside_one_item_an_event() -> None:
    units = Units(float, {"events_writes": 100, "sqs": 500})
    *_, sqs, total = table(units, executions=100, events=1_000, single=1_000)
    assert [cell.strip() for cell in sqs.split("|")[2:5]] == ["5", "0.20", "0.20"]
    assert [cell.strip(" *") for cell in total.split("|")[3:5]] == ["0.26", "0.82"]
    assert cost({"bus": 1e6})["bus"] == PRICES["bus"].usd
