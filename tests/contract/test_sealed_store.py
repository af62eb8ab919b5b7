"""What every EventStore does with personal data, whatever it and its keyring are made of."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.keyring import DynamoKeyring
from penstock.aws.payloads import Payloads
from penstock.events import Draft, EventStore, Origin, Position, StreamId
from penstock.events.chain import Check, check
from penstock.events.keyring import CachedKeyring, Keyring, MemoryKeyring, family_of
from penstock.events.memory import MemoryEventStore
from penstock.events.personal import declare
from penstock.events.store import START
from tests.contract.conftest import ON_MOTO, OneAtATime

KIND = "contract_note"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ORIGIN = Origin("ward-7", "adt-1")
declare(KIND, "Noted", {"who": ""})


@dataclass(frozen=True)
class Sealed:
    """A store, the same store as a process that has read nothing yet sees it, and their keyring."""

    store: EventStore
    elsewhere: EventStore
    keyring: Keyring


def _memory(_: Any) -> Iterator[Sealed]:
    keyring = MemoryKeyring()
    store = MemoryEventStore(keyring=keyring)
    yield Sealed(store, store, keyring)


def _moto(create_tables: Callable[..., None]) -> Iterator[Sealed]:
    with mock_aws():
        dynamodb: Any = OneAtATime(boto3.client("dynamodb", **ON_MOTO))
        s3 = boto3.client("s3", **ON_MOTO)
        create_tables(dynamodb, "events", "views", "keys")
        s3.create_bucket(Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        kms = boto3.client("kms", **ON_MOTO)
        key = kms.create_key()["KeyMetadata"]["Arn"]
        one, other = (CachedKeyring(DynamoKeyring(dynamodb, "keys", lambda: kms, key)) for _ in range(2))
        payloads = Payloads(s3, "payloads")
        here, elsewhere = (DynamoEventStore(dynamodb, "events", payloads, each) for each in (one, other))
        yield Sealed(here, elsewhere, one)


STORES = {"memory": _memory, "moto": _moto}


@pytest.fixture(params=list(STORES))
def sealed(request: pytest.FixtureRequest, create_tables: Callable[..., None]) -> Iterator[Sealed]:
    yield from STORES[request.param](create_tables)


@pytest.fixture
def stream(tenant: str) -> StreamId:
    return StreamId(tenant, KIND, "n-1")


def append(store: EventStore, stream: StreamId, expected: Position, *who: str, origin: Origin = ORIGIN) -> Position:
    drafts = [Draft("Noted", {"who": each, "n": n}, NOW) for n, each in enumerate(who)]
    return store.append(stream, drafts, expected=expected, commit_id=uuid4().hex, origin=origin).position


def read(store: EventStore, stream: StreamId) -> list[str]:
    return [event.data["who"] for commit in store.commits(stream) for event in commit.events]


def shred(sealed: Sealed, stream: StreamId, correlation: str = ORIGIN.correlation) -> None:
    sealed.keyring.end(stream.tenant, family_of(sealed.keyring, stream.tenant, correlation))


def test_what_is_sealed_is_read_in_every_process(sealed: Sealed, stream: StreamId) -> None:
    end = append(sealed.store, stream, START, "Doe", "Roe")
    append(sealed.elsewhere, stream, end, "Poe")
    assert read(sealed.store, stream) == read(sealed.elsewhere, stream) == ["Doe", "Roe", "Poe"]
    assert all(packed.sealed and packed.key for packed in sealed.store.packed(stream))


def test_a_shredded_stream_reads_blank_and_is_else_what_it_was(sealed: Sealed, stream: StreamId) -> None:
    end = append(sealed.store, stream, append(sealed.store, stream, START, "Doe"), "Roe", "Poe")
    before = list(sealed.store.commits(stream))
    shred(sealed, stream)
    after = list(sealed.store.commits(stream))
    assert read(sealed.elsewhere, stream) == ["", "", ""]
    assert [commit.position for commit in after] == [commit.position for commit in before]
    assert [[event.data["n"] for event in commit.events] for commit in after] == [[0], [0, 1]]
    assert [[(event.type, event.time, event.origin) for event in commit.events] for commit in after] == [
        [(event.type, event.time, event.origin) for event in commit.events] for commit in before
    ]
    assert check(sealed.store.packed(stream)) == Check(2)
    assert after[-1].position == end


def test_a_shredded_stream_goes_on_under_another_key(sealed: Sealed, stream: StreamId) -> None:
    end = append(sealed.store, stream, START, "Doe")
    shred(sealed, stream)
    append(sealed.store, stream, end, "Roe")
    assert read(sealed.elsewhere, stream) == ["", "Roe"]
    old, new = (packed.key for packed in sealed.store.packed(stream))
    assert old != new
    assert check(sealed.store.packed(stream)) == Check(2)


def test_only_what_was_sealed_with_the_key_goes(sealed: Sealed, stream: StreamId) -> None:
    end = append(sealed.store, stream, START, "Doe", origin=Origin("ward", "adt-1"))
    append(sealed.store, stream, end, "Roe", origin=Origin("ward", "adt-2"))
    other = StreamId(stream.tenant, KIND, "n-2")
    append(sealed.store, other, START, "Doe again", origin=Origin("ward", "adt-1"))
    shred(sealed, stream, "adt-1")
    assert (read(sealed.elsewhere, stream), read(sealed.elsewhere, other)) == (["", "Roe"], [""])


def test_an_append_repeated_after_it_was_shredded_is_the_same_commit(sealed: Sealed, stream: StreamId) -> None:
    drafts = [Draft("Noted", {"who": "Doe", "n": 0}, NOW)]
    asked: dict[str, Any] = {"expected": START, "commit_id": "c-1", "origin": ORIGIN}
    first = sealed.store.append(stream, drafts, **asked)
    shred(sealed, stream)
    again = sealed.store.append(stream, drafts, **asked)
    assert (again.position, again.events[0].data["who"]) == (first.position, "")
    assert len(list(sealed.store.packed(stream))) == 1


@pytest.mark.parametrize(("who", "ward"), [(300_000, 10), (10, 300_000), (300_000, 300_000), (120_000, 120_000)])
def test_parts_that_are_larger_than_an_item_are_kept_whole(
    sealed: Sealed, stream: StreamId, who: int, ward: int
) -> None:
    noise = random.Random(who + ward)
    data = {"who": noise.randbytes(who).hex(), "ward": noise.randbytes(ward).hex()}
    made = sealed.store.append(stream, [Draft("Noted", data, NOW)], expected=START, commit_id="c-1", origin=ORIGIN)
    append(sealed.store, stream, made.position, "Roe")
    assert next(sealed.elsewhere.commits(stream)).events[0].data == data
    assert check(sealed.elsewhere.packed(stream)) == Check(2)
    shred(sealed, stream)
    assert next(sealed.store.commits(stream)).events[0].data == {**data, "who": ""}


def test_what_is_noted_of_a_key_are_the_streams_that_it_seals(sealed: Sealed, stream: StreamId) -> None:
    other = StreamId(stream.tenant, KIND, "n-2")
    for each in (stream, other):
        append(sealed.store, each, append(sealed.store, each, START, "Doe"), "Doe")
    append(sealed.store, StreamId(stream.tenant, KIND, "n-3"), START, "")
    family = sealed.keyring.family(stream.tenant, family_of(sealed.keyring, stream.tenant, ORIGIN.correlation))
    assert family.streams == {stream, other}
