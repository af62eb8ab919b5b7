"""What every Keyring does, whatever it is made of."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.keyring import DynamoKeyring
from penstock.events import StreamId, UnknownKey
from penstock.events.keyring import MOST_STREAMS, CachedKeyring, Family, Keyring, MemoryKeyring, family_of
from tests.contract.conftest import ON_MOTO, OneAtATime

ACME, OTHER = "acme", "other"
STREAM = StreamId(ACME, "execution", "e-1")


@dataclass(frozen=True)
class Rings:
    """A keyring, and the same one as a process that has asked for nothing yet sees it."""

    here: Keyring
    elsewhere: Keyring


def _memory(_: Any) -> Iterator[Rings]:
    ring = MemoryKeyring()
    yield Rings(ring, ring)


def _cached(_: Any) -> Iterator[Rings]:
    ring = MemoryKeyring()
    yield Rings(CachedKeyring(ring), ring)


def _moto(create_tables: Callable[..., None]) -> Iterator[Rings]:
    with mock_aws():
        dynamodb: Any = OneAtATime(boto3.client("dynamodb", **ON_MOTO))
        kms = boto3.client("kms", **ON_MOTO)
        create_tables(dynamodb, "events", "views", "keys")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        yield Rings(*(DynamoKeyring(dynamodb, "keys", lambda: kms, key) for _ in range(2)))


RINGS = {"memory": _memory, "cached": _cached, "moto": _moto}


@pytest.fixture(params=list(RINGS))
def rings(request: pytest.FixtureRequest, create_tables: Callable[..., None]) -> Iterator[Rings]:
    yield from RINGS[request.param](create_tables)


def test_a_transaction_has_one_key_whoever_asks(rings: Rings) -> None:
    key = rings.here.seal_key(ACME, "adt-1", STREAM)
    assert len(key.secret) == 32
    assert rings.elsewhere.seal_key(ACME, "adt-1", StreamId(ACME, "fhir", "Patient-1")) == key
    assert rings.elsewhere.open_key(ACME, key.id) == key.secret
    assert rings.here.seal_key(ACME, "adt-2", STREAM).secret != key.secret


def test_tenants_share_no_key_and_no_pseudonym(rings: Rings) -> None:
    mine, theirs = (rings.here.seal_key(tenant, "adt-1", StreamId(tenant, "a", "b")) for tenant in (ACME, OTHER))
    assert mine.secret != theirs.secret
    assert mine.id != theirs.id
    assert rings.here.pseudonym(ACME, "100234") != rings.here.pseudonym(OTHER, "100234")
    with pytest.raises(UnknownKey):
        rings.here.open_key(OTHER, mine.id)


def test_a_pseudonym_is_always_the_same_and_tells_nothing(rings: Rings) -> None:
    found = rings.here.pseudonym(ACME, "100234")
    assert found == rings.elsewhere.pseudonym(ACME, "100234")
    assert (len(found), "100234" in found) == (16, False)
    assert rings.here.seal_key(ACME, "DOE^JOHN", STREAM).id.partition(".")[0] == family_of(rings.here, ACME, "DOE^JOHN")


def test_a_key_that_never_was_is_not_taken_for_an_ended_one(rings: Rings) -> None:
    family = family_of(rings.here, ACME, "adt-1")
    for key in (f"{family}.1", "nonsense", ""):
        with pytest.raises(UnknownKey):
            rings.here.open_key(ACME, key)


def test_an_ended_key_is_gone_for_good_and_its_family_goes_on_with_another(rings: Rings) -> None:
    old = rings.here.seal_key(ACME, "adt-1", STREAM)
    family = family_of(rings.here, ACME, "adt-1")
    ended = rings.here.end(ACME, family)
    assert ended == Family(ended=(old.id,), streams=frozenset({STREAM}))
    assert rings.here.open_key(ACME, old.id) is None
    assert rings.elsewhere.open_key(ACME, old.id) is None
    new = rings.here.seal_key(ACME, "adt-1", STREAM)
    assert new.id != old.id
    assert new.secret != old.secret
    known = rings.elsewhere.family(ACME, family)
    assert (known.live, known.ended) == ((new.id,), (old.id,))
    assert rings.here.open_key(ACME, old.id) is None


def test_ending_again_harms_nothing_and_tells_the_same(rings: Rings) -> None:
    rings.here.seal_key(ACME, "adt-1", STREAM)
    family = family_of(rings.here, ACME, "adt-1")
    assert rings.here.end(ACME, family) == rings.here.end(ACME, family) == rings.here.family(ACME, family)
    assert rings.here.end(ACME, "never-was") == rings.here.family(ACME, "never-was")


def test_what_a_key_seals_is_noted_once_each(rings: Rings) -> None:
    streams = {StreamId(ACME, "fhir", f"Patient-{n}") for n in range(3)}
    for stream in [*streams, *streams]:
        rings.here.seal_key(ACME, "adt-1", stream)
    assert rings.elsewhere.family(ACME, family_of(rings.here, ACME, "adt-1")).streams == streams


def test_a_key_seals_so_many_streams_and_no_more(rings: Rings) -> None:
    streams = [StreamId(ACME, "fhir", f"Patient-{n}") for n in range(MOST_STREAMS + 1)]
    keys = [rings.here.seal_key(ACME, "import", stream) for stream in streams]
    assert len({key.id for key in keys[:-1]}) == 1
    assert keys[-1].id != keys[0].id
    family = family_of(rings.here, ACME, "import")
    assert rings.elsewhere.family(ACME, family).streams == set(streams)
    assert len(rings.here.end(ACME, family).ended) == 2


def test_processes_that_make_a_key_at_once_get_the_same(rings: Rings) -> None:
    def ask(turn: int) -> Any:
        ring = rings.here if turn % 2 else rings.elsewhere
        return ring.seal_key(ACME, "adt-1", StreamId(ACME, "fhir", f"Patient-{turn}"))

    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(ask, range(16)))
    assert len({(key.id, key.secret) for key in keys}) == 1
    assert len(rings.here.family(ACME, family_of(rings.here, ACME, "adt-1")).streams) == 16


def test_a_remembered_key_works_no_longer_than_a_minute_after_its_end() -> None:
    time, ring = [0.0], MemoryKeyring()
    cached = CachedKeyring(ring, lambda: time[0])
    key = cached.seal_key(ACME, "adt-1", STREAM)
    assert cached.open_key(ACME, key.id) == key.secret
    ring.end(ACME, family_of(ring, ACME, "adt-1"))
    time[0] = 59.9
    assert cached.open_key(ACME, key.id) == key.secret
    time[0] = 60.1
    assert cached.open_key(ACME, key.id) is None
    assert cached.seal_key(ACME, "adt-1", STREAM).id != key.id


def test_the_process_that_ends_a_key_forgets_it_at_once() -> None:
    cached = CachedKeyring(MemoryKeyring())
    key = cached.seal_key(ACME, "adt-1", STREAM)
    assert cached.open_key(ACME, key.id)
    cached.end(ACME, family_of(cached, ACME, "adt-1"))
    assert cached.open_key(ACME, key.id) is None


def test_kms_is_asked_once_for_a_tenant_and_only_with_its_name(create_tables: Callable[..., None]) -> None:
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **ON_MOTO), boto3.client("kms", **ON_MOTO)
        create_tables(dynamodb, "events", "views", "keys")
        counted = Counted(kms)
        ring = DynamoKeyring(dynamodb, "keys", lambda: counted, kms.create_key()["KeyMetadata"]["Arn"])
        for n in range(5):
            ring.open_key(ACME, ring.seal_key(ACME, f"adt-{n}", STREAM).id)
        assert [name for name, _ in counted.calls] == ["generate_data_key", "decrypt"]
        assert {call["EncryptionContext"]["tenant"] for _, call in counted.calls} == {ACME}


def test_no_secret_lies_in_the_table(create_tables: Callable[..., None]) -> None:
    with mock_aws():
        dynamodb, kms = boto3.client("dynamodb", **ON_MOTO), boto3.client("kms", **ON_MOTO)
        create_tables(dynamodb, "events", "views", "keys")
        ring = DynamoKeyring(dynamodb, "keys", lambda: kms, kms.create_key()["KeyMetadata"]["Arn"])
        key = ring.seal_key(ACME, "DOE^JOHN", STREAM)
        stored = str(dynamodb.scan(TableName="keys")["Items"])
        assert str(key.secret)[2:-1] not in stored
        assert "DOE" not in stored


class Counted:
    """A client that remembers what it was asked."""

    def __init__(self, client: Any) -> None:
        self._client, self.calls = client, list[tuple[str, Any]]()

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append((name, arguments))
            return getattr(self._client, name)(**arguments)

        return call
