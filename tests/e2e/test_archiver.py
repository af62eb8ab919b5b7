"""The archive of the deployed stack: what ran is in the bucket a minute later, whole, and comes back from there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from penstock.aws.archive import CopyableEventStore, S3Archive
from penstock.aws.keyring import DynamoKeyring
from penstock.aws.vault import S3Vault
from penstock.events import StreamId
from penstock.events.archive import Segment, stream_hash
from penstock.events.chain import check
from penstock.events.keyring import CachedKeyring
from penstock.events.recovery import restore, verify
from penstock.retention.model import Lock
from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Tenant, eventually, fields

PATIENCE = 150.0
"""Seconds: the archiver's nudges wait for 60, the keeper's for 90, and a worker has to be free."""
RUNS = 5


@pytest.fixture
def bucket() -> str:
    if not os.environ.get("PENSTOCK_ARCHIVE_BUCKET"):
        pytest.skip("no archive: PENSTOCK_ARCHIVE_BUCKET not set (`python -m local during …` sets it)")
    return os.environ["PENSTOCK_ARCHIVE_BUCKET"]


@pytest.fixture
def archive(bucket: str) -> S3Archive:
    return S3Archive(boto3.client("s3"), bucket)


@pytest.fixture
def vault(bucket: str) -> S3Vault:
    return S3Vault(boto3.client("s3"), bucket)


@pytest.fixture
def empty_table(stack: Stack, create_tables: Callable[..., None]) -> Iterator[str]:
    """An events table with nothing in it, that goes again."""
    name = f"restored-{uuid4().hex[:12]}"
    create_tables(stack.dynamodb, name, f"{name}-views")
    yield name
    for table in (name, f"{name}-views"):
        stack.dynamodb.delete_table(TableName=table)


class OneTenant:
    """An archive, and the store beside it, as far as they are one tenant's: others write meanwhile."""

    def __init__(self, archive: Any, tenant: str) -> None:
        self._archive, self._prefix = archive, f"tenant={tenant}/"
        self.put, self.get = archive.put, archive.get

    def names(self, prefix: str = "") -> Iterator[str]:
        return iter([key for key in self._archive.names(self._prefix) if key.startswith(prefix)])


class StreamsOf(CopyableEventStore):
    """The live store, with the streams of one tenant."""

    tenant = ""

    def streams(self) -> Iterator[StreamId]:
        return (stream for stream in super().streams() if stream.tenant == self.tenant)


def live(stack: Stack, tenant: Tenant, table: str = "") -> StreamsOf:
    keys, key_of_keys = os.environ["PENSTOCK_KEYS_TABLE"], os.environ["PENSTOCK_KEY_OF_KEYS"]
    keyring = CachedKeyring(DynamoKeyring(stack.dynamodb, keys, lambda: boto3.client("kms"), key_of_keys))
    store = StreamsOf(stack.dynamodb, table or stack.events_table, stack.payloads, keyring)
    store.tenant = tenant.name
    return store


def run_some(tenant: Tenant) -> list[StreamId]:
    """Executions that have ended, as streams."""
    workflow = tenant.publish_row("Archived", MANUAL, ("double", "core.set", fields(total="{{ $json.price * 2 }}")))
    ran = [tenant.run(workflow, {"price": price})["id"] for price in range(RUNS)]
    return [StreamId(tenant.name, "execution", execution) for execution in ran]


def archived(archive: S3Archive, stack: Stack, tenant: Tenant, streams: list[StreamId]) -> OneTenant:
    """The tenant's archive, once the streams are there and nothing is missing."""
    mine, store = OneTenant(archive, tenant.name), live(stack, tenant)
    wanted = {stream_hash(stream) for stream in streams}
    eventually(
        "the executions are archived", lambda: wanted <= {Segment.parse(key).stream for key in mine.names()}, PATIENCE
    )
    eventually("everything is archived", lambda: verify(mine, store).behind == 0, PATIENCE)
    return mine


def penstock(*arguments: str) -> Any:
    command = [sys.executable, "-m", "penstock_cli.main", *arguments, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_what_ran_is_archived_queried_and_restored_event_by_event(
    stack: Stack, tenant: Tenant, archive: S3Archive, empty_table: str
) -> None:
    streams = run_some(tenant)
    mine = archived(archive, stack, tenant, streams)
    report = verify(mine, live(stack, tenant))
    assert (report.findings, report.behind) == ((), 0)
    sql = "SELECT type, count(*) AS n FROM events WHERE kind = 'execution' GROUP BY type"
    counts = {row["type"]: row["n"] for row in penstock("archive", "query", sql, "--tenant", tenant.name)["items"]}
    assert (counts["ExecutionStarted"], counts["ExecutionCompleted"]) == (RUNS, RUNS)

    source, target = live(stack, tenant), live(stack, tenant, empty_table)
    restored = restore(mine, target)
    assert (restored.findings, restored.commits, restored.events) == ((), report.commits, report.events)
    for stream in streams:
        assert list(target.commits(stream)) == list(source.commits(stream))
        assert check(target.packed(stream)).broken is None


def test_a_hold_is_on_the_objects_themselves_and_a_lifted_one_is_not(
    stack: Stack, tenant: Tenant, archive: S3Archive, vault: S3Vault
) -> None:
    held, free, *_ = streams = run_some(tenant)
    mine = archived(archive, stack, tenant, streams)
    name = {stream: next(key for key in mine.names() if stream_hash(stream) in key) for stream in (held, free)}
    wanted = {"kind": "execution", "key": held.key, "reason": "a court"}
    hold = tenant.call("POST", "/v1/retention/holds", wanted, expect=201)
    eventually("the object is held", lambda: vault.locked(name[held]).is_held, PATIENCE)
    assert vault.locked(name[free]) == Lock()
    assert not vault.delete(name[held])
    assert [each["id"] for each in tenant.get("/v1/retention/holds")["items"]] == [hold["id"]]
    tenant.call("DELETE", f"/v1/retention/holds/{hold['id']}", expect=204, reason="settled")
    eventually("the object is held no more", lambda: not vault.locked(name[held]).is_held, PATIENCE)


def test_a_rule_locks_what_is_archived_and_expiry_waits_for_it(
    stack: Stack, tenant: Tenant, archive: S3Archive, vault: S3Vault
) -> None:
    stream, *_ = streams = run_some(tenant)
    mine = archived(archive, stack, tenant, streams)
    name = next(key for key in mine.names() if stream_hash(stream) in key)
    tenant.call("PUT", "/v1/retention/rules/*", {"days": 1, "reason": "the law"}, expect=204)
    eventually("the object is locked", lambda: vault.locked(name).until, PATIENCE)
    stack.send("retention_keeper", {"expire": True})
    stack.settle()
    assert name in list(mine.names())
    assert not vault.delete(name)


def test_what_was_on_the_bus_is_sent_again(stack: Stack, tenant: Tenant) -> None:
    events = boto3.client("events")
    found = eventually(
        "the bus is archived", lambda: events.describe_archive(ArchiveName=f"penstock-{stack.stage}"), 10
    )
    before = found["EventCount"]
    run_some(tenant)
    eventually(
        "the archive of the bus grows",
        lambda: events.describe_archive(ArchiveName=f"penstock-{stack.stage}")["EventCount"] > before,
    )
    replay = penstock("bus", "replay", "--from", "2020-01-01", "--to", "2020-01-02")["name"]
    eventually(
        "the replay has ended", lambda: events.describe_replay(ReplayName=replay)["State"] == "COMPLETED", PATIENCE
    )
