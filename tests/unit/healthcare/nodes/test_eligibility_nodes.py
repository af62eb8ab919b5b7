"""healthcare.eligibility.request and .read, each in a workflow that the engine runs."""

import json
from typing import Any

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.validation import is_valid, validate_text
from penstock_healthcare.x12 import check, parse
from tests.unit.healthcare.eligibility.test_question import FIELDS
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run
from tests.unit.healthcare.nodes.test_nodes import run as run_node
from tests.unit.healthcare.samples import FOLDER

ROUTE = {"sender": "LAKESIDE", "receiver": "NORTHPLAN"}


def reply(name: str) -> str:
    return (FOLDER / f"x12_271_{name}.x12").read_text()


def test_a_question_is_made_in_both_forms() -> None:
    [item] = run("eligibility.request", {"inquiry": FIELDS, "visit": "V1"}, route=ROUTE)["main"]
    made = parse(item["x12"])
    assert (check(made), made.is_test, item["visit"]) == ([], True, "V1")
    [transaction] = made.transactions("270")
    assert [each[2] for each in transaction.body if each.id == "TRN"] == [item["trace"]]
    assert item["resource"]["identifier"] == [{"value": item["trace"]}]
    assert is_valid(validate_text(json.dumps(item["resource"]).encode()))


def test_the_same_run_makes_the_same_question() -> None:
    first, again = (run_node("healthcare.eligibility.request", {"inquiry": FIELDS}, route=ROUTE) for _ in range(2))
    assert first == again
    two = run_node("healthcare.eligibility.request", {"inquiry": FIELDS}, {"inquiry": FIELDS}, route=ROUTE)["main"]
    assert len({parse(item["x12"]).control_id for item in two}) == len({item["trace"] for item in two}) == 2


def test_trace_and_control_number_can_be_given() -> None:
    [item] = run("eligibility.request", {"inquiry": FIELDS}, route=ROUTE, trace="LKS-9", control_number=12)["main"]
    assert (parse(item["x12"]).control_id, item["trace"]) == ("000000012", "LKS-9")


@pytest.mark.parametrize(
    ("item", "kind", "told"),
    [
        ({}, "NotAsked", "inquiry: must be an object"),
        ({"inquiry": {**FIELDS, "subscriber": {"family": "Okafor"}}}, "NotAsked", "inquiry.subscriber.member_id"),
        (
            {"inquiry": {**FIELDS, "subscriber": {**FIELDS["subscriber"], "sex": "Okafor"}}},
            "NotAsked",
            "subscriber.sex",
        ),
        (
            {"inquiry": {**FIELDS, "subscriber": {**FIELDS["subscriber"], "family": "Okafor~"}}},
            "BadValue",
            "NM1-03",
        ),
    ],
)
def test_what_cannot_be_asked_fails_with_the_field_and_without_the_value(
    item: dict[str, Any], kind: str, told: str
) -> None:
    execution = execute("eligibility.request", item, route=ROUTE)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == kind
    assert told in execution.error["message"]
    assert "Okafor" not in execution.error["message"]


@pytest.mark.parametrize(
    ("name", "port"), [("active", "covered"), ("inactive_dependent", "not_covered"), ("rejected", "rejected")]
)
def test_an_answer_leaves_by_what_it_says_and_is_fhir_too(name: str, port: str) -> None:
    [item] = run("eligibility.read", {"body": reply(name), "visit": "V1"})[port]
    assert (item["eligibility"]["status"], item["visit"]) == (port, "V1")
    assert is_valid(validate_text(text.write(item["resource"]).encode()))
    [again] = run("eligibility.read", {"resource": item["resource"]})[port]
    assert again["eligibility"]["reasons"] == [
        reason.removeprefix("subscriber: ") for reason in item["eligibility"]["reasons"]
    ]


def test_a_fhir_reply_may_be_the_item_itself() -> None:
    [item] = run("eligibility.read", {"x12": reply("active")})["covered"]
    [again] = run("eligibility.read", item["resource"])["covered"]
    assert sorted(map(str, again["eligibility"]["amounts"])) == sorted(map(str, item["eligibility"]["amounts"]))


def test_the_wanted_services_decide() -> None:
    assert "covered" in run("eligibility.read", {"body": reply("active")}, service_types=["98"])
    [item] = run("eligibility.read", {"body": reply("active")}, service_types=["98", "35"])["not_covered"]
    assert item["eligibility"]["reasons"] == ["dental care: not covered"]


@pytest.mark.parametrize("item", [{}, {"body": "Okafor"}, {"resource": {"resourceType": "Patient"}}])
def test_what_is_no_answer_fails_and_is_not_quoted(item: dict[str, Any]) -> None:
    execution = execute("eligibility.read", item)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == "NoAnswer"
    assert "Okafor" not in json.dumps(execution.error)


def test_a_question_is_no_answer() -> None:
    execution = execute("eligibility.read", {"x12": (FOLDER / "x12_270_subscriber.x12").read_text()})
    assert execution.status is Status.FAILED


@pytest.mark.parametrize(("trace", "status"), [("LKS-4711", Status.DONE), ("LKS-1", Status.FAILED)])
def test_an_answer_to_another_question_fails(trace: str, status: Status) -> None:
    execution = execute("eligibility.read", {"x12": reply("active")}, trace=trace)
    assert execution.status is status
    assert (execution.error or {"type": "OtherTrace"})["type"] == "OtherTrace"
