"""Resources that the emulator is taught: archives of buses, buckets whose objects can be locked, schemas that are taken."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator import resources

BUS = "arn:aws:events:local:0:event-bus/penstock-local"
PROPERTIES = {
    "ArchiveName": "penstock-local",
    "SourceArn": BUS,
    "EventPattern": {"source": ["penstock"]},
    "RetentionDays": 14,
}


@pytest.fixture
def eventbridge() -> Any:
    """As much of MiniStack's `eventbridge` module as an archive touches."""
    archives: dict[str, Any] = {}

    def create(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if "ArchiveName" not in request or not json.loads(request["EventPattern"]):
            return 400, {}, b"refused"
        archives[request["ArchiveName"]] = {**request, "ArchiveArn": "arn:archive"}
        return 200, {}, b"{}"

    return SimpleNamespace(
        _archives=archives,
        _create_archive=create,
        _update_archive=lambda request: (archives[request["ArchiveName"]].update(request), (200, {}, b"{}"))[1],
        _delete_archive=lambda request: archives.pop(request["ArchiveName"]),
    )


def test_a_bus_gets_its_archive_and_an_update_changes_it(eventbridge: Any) -> None:
    handler = resources.bus_archive(eventbridge)
    assert handler["create"]("Archive", PROPERTIES, "stack") == (
        "penstock-local",
        {"Arn": "arn:archive", "ArchiveName": "penstock-local"},
    )
    made = eventbridge._archives["penstock-local"]
    assert (made["EventSourceArn"], json.loads(made["EventPattern"])) == (BUS, {"source": ["penstock"]})
    handler["create"]("Archive", {**PROPERTIES, "RetentionDays": 90}, "stack")
    assert made["RetentionDays"] == 90
    handler["delete"]("penstock-local", {})
    assert eventbridge._archives == {}


def test_an_archive_that_is_refused_fails_its_stack(eventbridge: Any) -> None:
    with pytest.raises(ValueError, match="refused"):
        resources.bus_archive(eventbridge)["create"]("Archive", {**PROPERTIES, "EventPattern": {}}, "stack")


def test_a_bucket_is_lockable_when_it_says_so() -> None:
    s3 = SimpleNamespace(_bucket_object_lock={})
    bucket = {"create": lambda logical, props, stack: (logical.lower(), {}), "delete": print}
    handler = resources.lockable(s3, bucket)
    assert handler["create"]("Archive", {"ObjectLockEnabled": True}, "stack") == ("archive", {})
    handler["create"]("Payloads", {}, "stack")
    assert list(s3._bucket_object_lock) == ["archive"]
    assert handler["delete"] is bucket["delete"]


def test_a_schema_is_taken_under_its_own_name() -> None:
    name, attributes = resources.accepted("Schema", "SchemaName")["create"](
        "S", {"SchemaName": "penstock.a@B"}, "stack"
    )
    assert (name, attributes["SchemaName"]) == ("penstock.a@B", "penstock.a@B")
