"""What every IndexStore does."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from penstock.aws.errors import AwsError
from penstock.aws.search_store import S3IndexStore
from penstock.search.storing import FolderIndexStore, IndexStore, MemoryIndexStore
from tests.contract.conftest import ON_MOTO


def _moto(_: Path) -> Iterator[IndexStore]:
    with mock_aws():
        s3: Any = boto3.client("s3", **ON_MOTO)
        s3.create_bucket(Bucket="search", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield S3IndexStore(s3, "search")


def _local(_: Path) -> Iterator[IndexStore]:
    if "AWS_ENDPOINT_URL" not in os.environ:
        pytest.skip("no local stack: AWS_ENDPOINT_URL not set (`python -m local during …` sets it)")
    s3, bucket = boto3.client("s3"), f"search-{uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    yield S3IndexStore(s3, bucket)


STORES: dict[str, Callable[[Path], Iterator[IndexStore]]] = {
    "memory": lambda _: iter([MemoryIndexStore()]),
    "folder": lambda folder: iter([FolderIndexStore(folder / "indexes")]),
    "moto": _moto,
    "local": _local,
}


@pytest.fixture(params=["memory", "folder", "moto", pytest.param("local", marks=pytest.mark.local)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexStore]:
    yield from STORES[request.param](tmp_path)


def test_what_was_never_saved_is_not_there(store: IndexStore) -> None:
    assert store.load("acme") is None
    assert store.etag("acme") is None


def test_what_is_saved_is_loaded_with_its_etag(store: IndexStore) -> None:
    etag = store.save("acme", b"one", None)
    assert etag is not None
    assert store.load("acme") == (b"one", etag)
    assert store.etag("acme") == etag
    assert store.load("other") is None


def test_a_file_is_replaced_by_who_knows_what_stands_there(store: IndexStore) -> None:
    first = store.save("acme", b"one", None)
    second = store.save("acme", b"two", first)
    assert second not in (None, first)
    assert store.load("acme") == (b"two", second)


def test_of_two_that_begin_one_is_first(store: IndexStore) -> None:
    first = store.save("acme", b"one", None)
    assert store.save("acme", b"two", None) is None
    assert store.load("acme") == (b"one", first)


def test_a_stale_save_changes_nothing(store: IndexStore) -> None:
    first = store.save("acme", b"one", None)
    second = store.save("acme", b"two", first)
    assert store.save("acme", b"three", first) is None
    assert store.load("acme") == (b"two", second)


def test_what_is_gone_is_not_replaced(store: IndexStore) -> None:
    etag = store.save("acme", b"one", None)
    assert store.save("other", b"two", etag) is None
    assert store.load("other") is None


def test_what_is_removed_is_gone_and_is_not_replaced_by_who_saw_it(store: IndexStore) -> None:
    etag = store.save("acme", b"one", None)
    store.save("acme#2", b"two", None)
    store.remove("acme")
    store.remove("acme")
    assert store.load("acme") is None
    assert store.save("acme", b"late", etag) is None
    assert (store.load("acme#2") or (b"",))[0] == b"two"
    assert store.save("acme", b"anew", None)


def test_names_that_look_like_paths_are_only_names(store: IndexStore) -> None:
    names = ("indexes/acme", "rebuilds/acme", "indexes/..%2Facme", "acme", "acme.next")
    for name in names:
        assert store.save(name, name.encode(), None)
    assert [(store.load(name) or (b"",))[0] for name in names] == [name.encode() for name in names]


def test_a_bucket_that_is_not_there_is_no_empty_index() -> None:
    with mock_aws():
        store = S3IndexStore(boto3.client("s3", **ON_MOTO), "nowhere")
        with pytest.raises(AwsError):
            store.load("acme")
        with pytest.raises(AwsError):
            store.save("acme", b"one", None)
