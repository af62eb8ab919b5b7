"""What every Vault does: S3's locks on moto and on the local stack, and the fake that stands for them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from penstock.aws.archive import S3Archive
from penstock.aws.vault import S3Vault
from penstock.clock import utc_now
from penstock.events.errors import EventStoreError
from penstock.retention.memory import MemoryVault
from penstock.retention.model import Lock
from penstock.retention.ports import Vault
from tests.contract.conftest import ON_MOTO

SOON = utc_now().replace(microsecond=0) + timedelta(days=2)
LATER = SOON + timedelta(days=2)


@dataclass
class Store:
    vault: Vault
    put: Callable[[str, Lock], bool]


def _memory() -> Iterator[Store]:
    vault = MemoryVault()
    yield Store(vault, lambda key, lock: vault.put(key, b"blob", lock))


def _s3(client: Any, **where: Any) -> Store:
    bucket = f"vault-{uuid4().hex}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True, **where)
    return Store(S3Vault(client, bucket), lambda key, lock: S3Archive(client, bucket, lambda _: lock).put(key, b"blob"))


def _moto() -> Iterator[Store]:
    with mock_aws():
        place = {"LocationConstraint": "eu-central-1"}
        yield _s3(boto3.client("s3", **ON_MOTO), CreateBucketConfiguration=place)


def _local() -> Iterator[Store]:
    if "AWS_ENDPOINT_URL" not in os.environ:
        pytest.skip("no deployed local stack: AWS_ENDPOINT_URL not set (`python -m local during …` sets it)")
    yield _s3(boto3.client("s3"))


STORES = {"memory": _memory, "moto": _moto, "local": _local}


@pytest.fixture(params=["memory", "moto", pytest.param("local", marks=pytest.mark.local)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from STORES[request.param]()


def test_an_object_has_the_lock_that_it_was_put_with(store: Store) -> None:
    for key, lock in {"a": Lock(), "b": Lock(SOON), "c": Lock(None, True), "d": Lock(SOON, True)}.items():
        assert store.put(key, lock)
        assert store.vault.locked(key) == lock


def test_a_lock_is_extended_and_never_shortened(store: Store) -> None:
    store.put("a", Lock())
    for until in (SOON, LATER, SOON):
        store.vault.retain("a", until)
    assert store.vault.locked("a") == Lock(LATER)


def test_a_hold_comes_and_goes_and_leaves_the_lock(store: Store) -> None:
    store.put("a", Lock(SOON))
    store.vault.hold("a", True)
    assert store.vault.locked("a") == Lock(SOON, True)
    store.vault.hold("a", False)
    assert store.vault.locked("a") == Lock(SOON)


@pytest.mark.parametrize("lock", [Lock(SOON), Lock(None, True)], ids=["retained", "held"])
def test_what_is_locked_is_not_deleted(store: Store, lock: Lock) -> None:
    store.put("a", lock)
    assert not store.vault.delete("a")
    assert store.vault.locked("a") == lock
    assert store.vault.thawed("a") == b"blob"


def test_what_is_not_locked_is_deleted_and_is_then_no_more(store: Store) -> None:
    for key in ("a", "ab"):
        store.put(key, Lock())
    assert store.vault.delete("a")
    assert list(store.vault.names()) == ["ab"]
    for ask in (store.vault.locked, store.vault.thawed):
        with pytest.raises(EventStoreError):
            ask("a")


def test_names_come_in_order_from_where_one_is(store: Store) -> None:
    for key in ("b/2", "a/1", "b/1", "b/3"):
        store.put(key, Lock())
    assert list(store.vault.names()) == ["a/1", "b/1", "b/2", "b/3"]
    assert list(store.vault.names("b/", "b/1")) == ["b/2", "b/3"]


def test_tenants_are_told_once_each_by_their_own_names(store: Store) -> None:
    assert list(store.vault.tenants()) == []
    for tenant in ("b%26c", "a"):
        for number in range(2):
            key = f"tenant={tenant}/day=2026-11-24/kind=execution/{'a' * 64}-{number:010d}.jsonl.zst"
            store.put(key, Lock())
    assert list(store.vault.tenants()) == ["a", "b&c"]
