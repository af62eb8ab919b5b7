"""Event types over the API: all of them, each with its versions, its schema and an example that fits."""

from typing import Any

import jsonschema
import pytest

from penstock.events.shapes import known_types
from tests.functions.cloud import Cloud

ALL = sorted((types.kind, name) for types in known_types() for name in types.types)


def read(cloud: Cloud, path: str = "", **query: str) -> Any:
    return cloud.request("event_types", "GET", f"/v1/event-types{path}", query=query or None)


def test_every_event_type_is_listed(cloud: Cloud) -> None:
    items = read(cloud).body["items"]
    assert [(each["kind"], each["name"]) for each in items] == ALL
    assert all(each["summary"].endswith(".") and each["schema_version"] >= 1 for each in items)


def test_those_of_a_kind_are_listed_alone(cloud: Cloud) -> None:
    assert {each["kind"] for each in read(cloud, kind="workflow").body["items"]} == {"workflow"}
    assert read(cloud, kind="nothing").body["items"] == []


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in ALL}))
def test_each_is_shown_with_its_versions_and_an_example_that_fits(cloud: Cloud, kind: str) -> None:
    for _, name in (each for each in ALL if each[0] == kind):
        found = read(cloud, f"/{kind}/{name}").body
        jsonschema.Draft202012Validator(found["data_schema"]).validate(found["example"])
        assert [each["version"] for each in found["versions"]] == list(range(1, found["schema_version"] + 1))
        assert set(found["versions"][-1]["fields"]) == set(found["data_schema"].get("properties", {}))
        assert [each["from_version"] for each in found["upcasters"]] == list(range(1, found["schema_version"]))


@pytest.mark.parametrize("path", ["/workflow/Nothing", "/nothing/WorkflowPublished"])
def test_what_is_never_stored_is_not_found(cloud: Cloud, path: str) -> None:
    assert read(cloud, path).status == 404
