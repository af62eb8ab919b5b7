"""The catalogue of node types, as a client meets it."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from penstock.workflows.catalogue import catalogue
from tests.functions.cloud import Cloud


def listed(cloud: Cloud, **query: str) -> list[Any]:
    items: list[Any] = cloud.request("node_types", "GET", "/v1/node-types", query=query or None).body["items"]
    return items


def test_every_type_is_listed_with_a_json_schema(cloud: Cloud) -> None:
    found = listed(cloud)
    assert {each["name"] for each in found} == set(catalogue())
    for each in found:
        Draft202012Validator.check_schema(each["parameters"])
        assert each["description"]


def test_types_are_chosen_by_kind_wing_and_text(cloud: Cloud) -> None:
    assert {each["kind"] for each in listed(cloud, kind="trigger")} == {"trigger"}
    assert {each["wing"] for each in listed(cloud, wing="core")} == {"core"}
    assert [each["name"] for each in listed(cloud, q="APPROVAL", kind="control")] == ["core.approval"]
    assert listed(cloud, wing="none") == []


def test_one_type_shows_its_ports(cloud: Cloud) -> None:
    found = cloud.request("node_types", "GET", "/v1/node-types/core.approval").body
    assert (found["inputs"], found["outputs"]) == (["main"], ["approved", "rejected", "timed_out"])
    assert found["parameters"]["required"] == ["message"]


@pytest.mark.parametrize(("path", "status"), [("/core.none", 404), ("?kind=none", 422)])
def test_what_is_not_there_is_said(cloud: Cloud, path: str, status: int) -> None:
    query = {"kind": "none"} if "?" in path else None
    answer = cloud.request("node_types", "GET", f"/v1/node-types{path.partition('?')[0]}", query=query)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
