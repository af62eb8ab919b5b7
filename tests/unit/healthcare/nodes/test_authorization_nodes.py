"""healthcare.authorization.request and .read, each in a workflow that the engine runs."""

import json
from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.x12 import check, parse
from tests.unit.healthcare.authorization.test_authorization import FIELDS, message
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run
from tests.unit.healthcare.nodes.test_nodes import run as run_node

ROUTE = {"sender": "LAKESIDE", "receiver": "NORTHPLAN"}


def test_a_request_is_made_and_is_the_same_again() -> None:
    [item] = run("authorization.request", {"application": FIELDS, "case": "C1"}, route=ROUTE)["main"]
    sent = parse(item["x12"])
    assert (check(sent), item["case"]) == ([], "C1")
    assert f"TRN*1*{item['trace']}*" in item["x12"]
    kind = "healthcare.authorization.request"
    assert run_node(kind, {"application": FIELDS}, route=ROUTE) == run_node(kind, {"application": FIELDS}, route=ROUTE)


@pytest.mark.parametrize("port", ["approved", "changed", "denied", "pended", "rejected"])
def test_an_answer_leaves_by_what_was_decided(port: str) -> None:
    outputs = run("authorization.read", {"body": message(port), "case": "C1"})
    assert [name for name, items in outputs.items() if items] == [port]
    [item] = outputs[port]
    assert (item["authorization"]["status"], item["case"]) == (port, "C1")


@pytest.mark.parametrize(
    ("kind", "item", "parameters", "error", "told"),
    [
        ("request", {}, {"route": ROUTE}, "NotAsked", "application: must be an object"),
        (
            "request",
            {"application": {**FIELDS, "diagnoses": ["Okafor"]}},
            {"route": ROUTE},
            "NotAsked",
            "application.diagnoses.0",
        ),
        ("read", {"body": "Okafor"}, {}, "NoAnswer", "neither base64 nor"),
        ("read", {"body": message("request")}, {}, "NoAnswer", "no 278 that answers"),
    ],
)
def test_what_cannot_be_done_fails_with_the_reason_and_without_the_value(
    kind: str, item: dict[str, Any], parameters: dict[str, Any], error: str, told: str
) -> None:
    execution = execute(f"authorization.{kind}", item, **parameters)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == error
    assert told in execution.error["message"]
    assert "Okafor" not in json.dumps(execution.error)


@pytest.mark.parametrize(("trace", "status"), [("LKS-8801", Status.DONE), ("LKS-1", Status.FAILED)])
def test_an_answer_to_another_request_fails(trace: str, status: Status) -> None:
    execution = execute("authorization.read", {"x12": message("approved")}, trace=trace)
    assert execution.status is status
    assert (execution.error or {"type": "OtherTrace"})["type"] == "OtherTrace"


def test_an_answer_that_names_no_trace_authorises_nothing() -> None:
    nameless = message("approved").replace("TRN*2*LKS-8801*9LAKESIDE1~\n", "")
    assert execute("authorization.read", {"x12": nameless}, trace="LKS-8801").status is Status.FAILED
    assert "rejected" in run("authorization.read", {"x12": message("rejected")}, trace="LKS-8801")
