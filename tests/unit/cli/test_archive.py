"""`penstock archive`: questions to a folder and to the bucket, the comparison, and the way back."""

import builtins
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import Result

from penstock.aws.archive import CopyableEventStore, S3Archive
from penstock.aws.payloads import Payloads
from penstock.events import Draft, Origin, StreamId
from penstock.events.archive import keep
from penstock.events.archive_folder import FolderArchive
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.store import head
from penstock_cli.account import Account
from penstock_cli.commands import archive as command

Invoke = Callable[..., Result]
OUTPUTS = {"EventsTable": "events", "PayloadsBucket": "payloads", "ArchiveBucket": "archive"}
STREAMS = (
    StreamId("acme", "workflow", "w-1"),
    StreamId("acme", "execution", "e-1"),
    StreamId("other", "workflow", "o"),
)
PATIENT = {"patient": {"name": "Doe"}}


class Deployed(Account):
    """A stage whose stack has the outputs."""

    def outputs(self, stack: str) -> Mapping[str, str]:
        return OUTPUTS


class Stage:
    """A stage with three archived streams of two commits with two events each, one day apart."""

    def __init__(self) -> None:
        s3 = boto3.client("s3")
        for bucket in ("payloads", "archive"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.dynamodb = boto3.client("dynamodb")
        self.store = CopyableEventStore(self.dynamodb, "events", Payloads(s3, "payloads"))
        self.archive = S3Archive(s3, "archive")
        self.checkpoints = MemoryCheckpointStore()

    def fill(self) -> None:
        for stream in STREAMS:
            for day in (24, 25):
                self.append(stream, datetime(2026, 11, day, 9, 30, tzinfo=UTC))
            keep(self.store, self.checkpoints, self.archive, stream)

    def append(self, stream: StreamId, time: datetime) -> None:
        end = head(self.store.commits(stream))
        drafts = [Draft("Created", PATIENT, time), Draft("Renamed", {"name": "b"}, time)]
        self.store.append(stream, drafts, expected=end, commit_id=f"c{end.commit}", origin=Origin("ward", "adt-1"))

    def drop(self, stream: StreamId, commit: int) -> None:
        key = {"pk": {"S": str(stream)}, "commit": {"N": str(commit)}}
        self.dynamodb.delete_item(TableName="events", Key=key)

    def copy(self, folder: Path) -> str:
        for key in self.archive.names():
            FolderArchive(folder).put(key, self.archive.get(key))
        return str(folder)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Stage]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(command, "account", lambda stage: Deployed(stage, {}))
    with mock_aws():
        create_tables(boto3.client("dynamodb"), "events", "views")
        create_tables(boto3.client("dynamodb"), "restored", "restored-views")
        made = Stage()
        made.fill()
        yield made


@pytest.fixture
def duckdb() -> Any:
    return pytest.importorskip("duckdb", reason="penstock-cli[archive] is not installed")


@pytest.fixture
def folder(stage: Stage, tmp_path: Path) -> str:
    return stage.copy(tmp_path / "copy")


def items(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["items"]


@pytest.mark.usefixtures("duckdb")
class TestQuery:
    """One SELECT from `events`."""

    def test_events_are_asked_where_they_lie(self, penstock: Invoke, folder: str) -> None:
        sql = "SELECT tenant, kind, count(*) AS n FROM events GROUP BY ALL ORDER BY ALL"
        assert items(penstock("archive", "query", sql, "--from", folder, "--json")) == [
            {"tenant": "acme", "kind": "execution", "n": 4},
            {"tenant": "acme", "kind": "workflow", "n": 4},
            {"tenant": "other", "kind": "workflow", "n": 4},
        ]

    def test_a_row_is_an_event_with_its_data_and_its_time_in_utc(self, penstock: Invoke, folder: str) -> None:
        sql = "SELECT * FROM events WHERE id = 'acme#workflow#w-1@1'"
        (found,) = items(penstock("archive", "query", sql, "--from", folder, "--json"))
        assert found == {
            "id": "acme#workflow#w-1@1",
            "tenant": "acme",
            "kind": "workflow",
            "key": "w-1",
            "version": 1,
            "type": "Created",
            "schema": 1,
            "time": "2026-11-24T09:30:00.000Z",
            "actor": "ward",
            "correlation": "adt-1",
            "causation": None,
            "data": PATIENT,
        }

    def test_fields_of_data_are_asked_by_path(self, penstock: Invoke, folder: str) -> None:
        sql = "SELECT count(*) AS n FROM events WHERE data->>'$.patient.name' = 'Doe'"
        assert items(penstock("archive", "query", sql, "--from", folder, "--json")) == [{"n": 6}]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (("--tenant", "acme"), 8),
            (("--tenant", "acme", "--day", "2026-11-25"), 4),
            (("--kind", "execution"), 4),
        ],
    )
    def test_the_bucket_is_asked_by_fetching_what_matches(
        self, penstock: Invoke, stage: Stage, options: tuple[str, ...], expected: int
    ) -> None:
        sql = "SELECT count(*) AS n FROM events"
        assert items(penstock("archive", "query", sql, *options, "--json")) == [{"n": expected}]

    def test_people_get_a_table_of_at_most_so_many_rows(self, penstock: Invoke, folder: str) -> None:
        result = penstock("archive", "query", "SELECT id FROM events ORDER BY id", "--from", folder, "--limit", "1")
        assert "acme#execution#e-1@1" in result.stdout
        assert "@2" not in result.stdout

    @pytest.mark.parametrize(
        "sql",
        [
            "DROP VIEW events",
            "SELECT 1; SELECT 2",
            "COPY events TO 'stolen.csv'",
            "SELEC",
            "",
            "SELECT * FROM nowhere",
            "SELECT * FROM read_text('/etc/hostname')",
        ],
    )
    def test_what_is_not_one_select_from_the_archive_is_refused(self, penstock: Invoke, folder: str, sql: str) -> None:
        result = penstock("archive", "query", sql, "--from", folder)
        assert result.exit_code == 2
        assert "penstock: the query" in result.stderr

    def test_a_query_that_takes_too_long_is_given_up(self, penstock: Invoke, folder: str) -> None:
        sql = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE (a.range * b.range) % 7 = 3"
        result = penstock("archive", "query", sql, "--from", folder, "--timeout", "1")
        assert (result.exit_code, result.stderr) == (1, "penstock: the query took more than 1 s\n")

    def test_what_no_object_matches_is_a_failure(self, penstock: Invoke, folder: str) -> None:
        result = penstock("archive", "query", "SELECT 1", "--from", folder, "--tenant", "nobody")
        assert (result.exit_code, result.stderr) == (1, "penstock: the archive holds nothing that matches\n")

    def test_too_many_objects_are_refused(self, penstock: Invoke, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "MOST_OBJECTS", 5)
        result = penstock("archive", "query", "SELECT 1", "--from", folder)
        assert result.exit_code == 2
        assert "more than 5 objects match" in result.stderr

    def test_a_damaged_object_is_a_failure(self, penstock: Invoke, folder: str) -> None:
        for file in Path(folder).rglob("*.zst"):
            file.write_bytes(b"not zstd")
        result = penstock("archive", "query", "SELECT count(data) FROM events", "--from", folder)
        assert result.exit_code == 1
        assert "could not be read" in result.stderr


def test_without_duckdb_the_query_tells_what_to_install(
    penstock: Invoke, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "duckdb":
            raise ModuleNotFoundError(name=name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    result = penstock("archive", "query", "SELECT 1", "--from", folder)
    assert result.exit_code == 2
    assert "pip install 'penstock-cli[archive]'" in result.stderr


def test_an_archive_that_agrees_with_the_store_is_verified(penstock: Invoke, stage: Stage) -> None:
    result = penstock("archive", "verify", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "streams": 3,
        "commits": 6,
        "events": 12,
        "behind": 0,
        "findings": [],
        "expired": 0,
    }


def test_a_stream_that_was_cut_off_is_named(penstock: Invoke, stage: Stage) -> None:
    stage.drop(STREAMS[1], 2)
    result = penstock("archive", "verify")
    assert result.exit_code == 1
    assert str(STREAMS[1]) in result.stdout
    assert "the store ends at commit 1" in result.stdout


@pytest.mark.parametrize("is_copied", [False, True])
def test_a_table_is_restored_from_the_bucket_or_a_copy(
    penstock: Invoke, stage: Stage, folder: str, is_copied: bool
) -> None:
    result = penstock("archive", "restore", "--to-table", "restored", *(("--from", folder) if is_copied else ()))
    assert result.exit_code == 0, result.output
    assert "3 streams, 6 commits, 12 events are in both" in result.stdout
    items = [stage.dynamodb.scan(TableName=table)["Items"] for table in ("restored", "events")]
    assert sorted(map(str, items[0])) == sorted(map(str, items[1]))


def test_a_table_that_has_the_streams_is_left_alone(penstock: Invoke, stage: Stage) -> None:
    result = penstock("archive", "restore", "--to-table", "events")
    assert result.exit_code == 1
    assert "the store already has commits of it" in result.stdout


def test_a_table_that_is_not_there_is_a_failure(penstock: Invoke, stage: Stage) -> None:
    result = penstock("archive", "restore", "--to-table", "nowhere")
    assert result.exit_code == 1
    assert "ResourceNotFoundException" in result.stderr
