"""What delivering webhooks keeps: the same in memory and in DynamoDB and KMS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.seal import KmsSeal
from penstock.aws.webhooks import DynamoAttempts, DynamoCircuits
from penstock.events import StreamId
from penstock.routing.circuit import Circuit, State
from penstock.routing.delivery import Attempt, Outcome
from penstock.routing.errors import BrokenSeal
from penstock.routing.ports import Attempts, Circuits, MemoryAttempts, MemoryCircuits
from penstock.routing.sealing import MemorySeal, Seal
from tests.contract.conftest import ON_MOTO

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINE, OTHER = StreamId("acme", "webhook", "w-1"), StreamId("acme", "webhook", "w-2")


@dataclass(frozen=True)
class Kept:
    circuits: Circuits
    attempts: Attempts
    seal: Seal


@pytest.fixture(params=["memory", "moto"])
def kept(request: pytest.FixtureRequest, create_tables: Callable[..., None]) -> Iterator[Kept]:
    if request.param == "memory":
        yield Kept(MemoryCircuits(), MemoryAttempts(), MemorySeal())
        return
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **ON_MOTO), boto3.client("kms", **ON_MOTO)
        create_tables(dynamodb, "events", "views")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        yield Kept(DynamoCircuits(dynamodb, "views"), DynamoAttempts(dynamodb, "views"), KmsSeal(kms, key))


def test_a_circuit_that_was_never_saved_is_none(kept: Kept) -> None:
    assert kept.circuits.load(MINE) is None


def test_a_circuit_comes_back_as_it_was_a_revision_on(kept: Kept) -> None:
    circuit = Circuit(3, State.OPEN, 7, 2, NOON + timedelta(minutes=1), NOON)
    assert kept.circuits.save(MINE, circuit)
    assert kept.circuits.load(MINE) == replace(circuit, revision=1)
    assert kept.circuits.load(OTHER) is None


def test_of_two_that_save_after_the_same_load_one_loses_and_changes_nothing(kept: Kept) -> None:
    assert kept.circuits.save(MINE, Circuit(1, failures=1))
    assert not kept.circuits.save(MINE, Circuit(1, failures=9))
    base = kept.circuits.load(MINE)
    assert base
    assert kept.circuits.save(MINE, replace(base, failures=2))
    assert not kept.circuits.save(MINE, replace(base, failures=3))
    assert kept.circuits.load(MINE) == Circuit(1, failures=2, revision=2)


def attempt(webhook: StreamId, number: int, at: datetime, outcome: Outcome | None = None) -> Attempt:
    return Attempt(webhook, "acme#event#e-1@1", "lab.filed", number, at, outcome or Outcome(12, status=500))


def test_the_last_attempts_come_first_and_only_as_many_as_asked_for(kept: Kept) -> None:
    made = [attempt(MINE, number, NOON + timedelta(seconds=number)) for number in (2, 1, 3)]
    for each in (*made, attempt(OTHER, 9, NOON)):
        kept.attempts.keep(each)
    assert [each.number for each in kept.attempts.last(MINE, 2)] == [3, 2]
    assert [each.number for each in kept.attempts.last(MINE, 100)] == [3, 2, 1]


def test_an_attempt_comes_back_with_all_that_was_known(kept: Kept) -> None:
    outcome = Outcome(15_001, error="ExchangeTimeout", retry_after=1.5, is_final=True)
    kept.attempts.keep(attempt(MINE, 1, NOON, outcome))
    assert list(kept.attempts.last(MINE, 1)) == [attempt(MINE, 1, NOON, outcome)]


def test_what_is_sealed_opens_for_what_it_was_sealed_for(kept: Kept) -> None:
    sealed = kept.seal.seal("whsec_x", MINE)
    assert "whsec" not in sealed
    assert [kept.seal.open(sealed, MINE) for _ in range(2)] == ["whsec_x", "whsec_x"]
    with pytest.raises(BrokenSeal):
        kept.seal.open(sealed, OTHER)


@pytest.mark.parametrize("sealed", ["", "AAAA", "not base64!", "x" * 5_000])
def test_what_was_never_sealed_does_not_open(kept: Kept, sealed: str) -> None:
    with pytest.raises(BrokenSeal):
        kept.seal.open(sealed, MINE)


def test_attempts_in_dynamodb_expire_after_a_week(create_tables: Callable[..., None]) -> None:
    with mock_aws():
        dynamodb: Any = boto3.client("dynamodb", **ON_MOTO)
        create_tables(dynamodb, "events", "views")
        DynamoAttempts(dynamodb, "views").keep(attempt(MINE, 1, NOON))
        (item,) = dynamodb.scan(TableName="views")["Items"]
    assert int(item["expires"]["N"]) == int((NOON + timedelta(days=7)).timestamp())
