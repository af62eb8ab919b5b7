"""What every Leases does: whoever names what stands there changes it, everybody else changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.leases import DynamoLeases
from penstock.subscriptions.leases import Leases, MemoryLeases, Partition, PartitionId, freed
from tests.contract.conftest import ON_MOTO

FIRST = PartitionId("acme", "lake", "1", 0)
HELD = Partition(1705, "token", "worker-1", 1_800_000_000_000)


@pytest.fixture(params=["memory", "moto"])
def leases(request: pytest.FixtureRequest, create_tables: Callable[..., None]) -> Iterator[Leases]:
    if request.param == "memory":
        yield MemoryLeases()
        return
    with mock_aws():
        dynamodb: Any = boto3.client("dynamodb", **ON_MOTO)
        create_tables(dynamodb, "events", "views")
        yield DynamoLeases(dynamodb, "views")


def test_a_partition_that_nobody_claimed_is_none(leases: Leases) -> None:
    assert list(leases.load([FIRST])) == [None]


def test_what_is_kept_comes_back_in_the_order_that_was_asked(leases: Leases) -> None:
    second = replace(FIRST, number=1)
    assert leases.save(FIRST, HELD, None)
    assert leases.save(second, freed(HELD), None)
    assert list(leases.load([second, replace(FIRST, number=2), FIRST])) == [Partition(1705), None, HELD]


def test_whoever_names_what_no_longer_stands_there_changes_nothing(leases: Leases) -> None:
    assert leases.save(FIRST, HELD, None)
    moved = replace(HELD, position=1801)
    assert leases.save(FIRST, moved, HELD)
    for wrong in (None, HELD, replace(moved, token="other"), replace(moved, until=1)):
        assert not leases.save(FIRST, Partition(0), wrong)
    assert list(leases.load([FIRST])) == [moved]


@pytest.mark.parametrize("other", [{"tenant": "other"}, {"subscription": "other"}, {"round": "2"}, {"number": 1}])
def test_partitions_are_told_apart_by_everything_in_their_name(leases: Leases, other: dict[str, Any]) -> None:
    assert leases.save(FIRST, HELD, None)
    assert list(leases.load([replace(FIRST, **other)])) == [None]
