"""What stands between the archive and whoever would clear it; what was on the bus; the schema registry."""

import json
from typing import Any

import jsonschema
import pytest

from penstock.events.shapes import known_types
from tests.infra.sample import Templates

KEEPER = "retentionkeeper"
WRITING = {"s3:GetObject", "s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold"}


@pytest.fixture(params=["sample", "repo"])
def templates(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(request.param)
    return found


def _archive_rights(templates: Templates) -> list[tuple[str, str, Any]]:
    """(role, action, condition) of every right on the archive."""
    return [
        (name, action, statement.get("Condition"))
        for name, statement in templates.statements()
        if "Archive" in json.dumps(statement["Resource"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]


def test_only_the_keeper_may_list_or_delete_what_is_archived(templates: Templates) -> None:
    others = {action for name, action, _ in _archive_rights(templates) if KEEPER not in name}
    assert others == WRITING


def test_nobody_may_shorten_a_lock(templates: Templates) -> None:
    assert "s3:BypassGovernanceRetention" not in json.dumps([statement for _, statement in templates.statements()])


def test_who_is_not_the_keeper_may_place_a_hold_and_lift_none(templates: Templates) -> None:
    conditions = [
        condition
        for name, action, condition in _archive_rights(templates)
        if action == "s3:PutObjectLegalHold" and KEEPER not in name
    ]
    assert conditions
    assert all(each == {"StringEquals": {"s3:object-lock-legal-hold": "ON"}} for each in conditions)


def test_production_keeps_everything_for_seven_years_and_its_functions_know(repo: Templates) -> None:
    for name in ("retention", "retention_keeper", "archiver"):
        assert repo.function(name)["Environment"]["Variables"]["PENSTOCK_RETENTION_FLOOR"] == "2557"


def test_the_endpoint_has_no_right_on_the_archive_itself(repo: Templates) -> None:
    assert "PENSTOCK_ARCHIVE_BUCKET" not in repo.function("retention")["Environment"]["Variables"]


def test_the_keeper_is_woken_once_a_day(repo: Templates) -> None:
    (rule,) = [
        rule for rule in repo.of_type("AWS::Events::Rule").values() if rule.get("ScheduleExpression") == "rate(1 day)"
    ]
    (target,) = rule["Targets"]
    assert json.loads(target["Input"]) == {"expire": True}
    assert KEEPER in target["Arn"]["Fn::GetAtt"][0]
    assert target["DeadLetterConfig"]


@pytest.mark.parametrize(("stage", "days"), [("repo", 90), ("sample", 14)])
def test_what_was_on_the_bus_can_be_sent_again(stage: str, days: int, request: pytest.FixtureRequest) -> None:
    (archive,) = request.getfixturevalue(stage).of_type("AWS::Events::Archive").values()
    assert archive["RetentionDays"] == days
    assert archive["EventPattern"] == {"source": ["penstock"]}
    assert archive["SourceArn"]["Fn::GetAtt"][0].startswith("Bus")


def test_the_registry_has_a_schema_for_every_event_type(repo: Templates) -> None:
    schemas = repo.of_type("AWS::EventSchemas::Schema").values()
    types = {f"penstock.{types.kind}@{name}" for types in known_types() for name in types.types}
    assert {schema["SchemaName"] for schema in schemas} == types
    assert len(types) < 450, "CloudFormation takes 500 resources a stack"
    for schema in schemas:
        assert (schema["Type"], len(schema["Description"]) <= 256) == ("JSONSchemaDraft4", True)
        jsonschema.Draft4Validator.check_schema(json.loads(schema["Content"]))
