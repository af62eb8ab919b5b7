"""The keys of personal data: who may open one, who may make one, and that none comes back."""

from typing import Any

import pytest

from tests.infra.sample import Templates


@pytest.fixture(params=["sample", "repo"])
def templates(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(request.param)
    return found


def actions(templates: Templates, function: str, service: str) -> set[str]:
    """What a function may do with a service."""
    found: set[str] = set()
    for name, statement in templates.statements():
        if f"Function{function.replace('_', '')}" in name and statement["Effect"] == "Allow":
            allowed = statement["Action"]
            found |= {each for each in ([allowed] if isinstance(allowed, str) else allowed) if each.startswith(service)}
    return found


def tables(templates: Templates) -> dict[str, Any]:
    return {
        table["TableName"].rpartition("-")[2]: table for table in templates.of_type("AWS::DynamoDB::Table").values()
    }


def test_an_ended_key_cannot_be_recovered_from_a_point_in_time(templates: Templates) -> None:
    keys = tables(templates)["keys"]
    assert keys["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert [key["AttributeName"] for key in keys["KeySchema"]] == ["pk", "sk"]


def test_the_key_of_keys_rotates_and_opens_only_what_names_its_tenant(templates: Templates) -> None:
    (key,) = [key for name, key in templates.of_type("AWS::KMS::Key").items() if "KeyOfKeys" in name]
    assert key["EnableKeyRotation"] is True
    granted = [statement for _, statement in templates.statements() if "KeyOfKeys" in str(statement["Resource"])]
    assert granted
    for statement in granted:
        assert statement["Condition"] == {"Null": {"kms:EncryptionContext:tenant": "false"}}


def test_who_reads_events_opens_keys_and_only_who_writes_them_makes_any(templates: Templates) -> None:
    assert actions(templates, "projector", "kms:") == {"kms:Decrypt"}
    assert actions(templates, "workflows", "kms:") == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "dynamodb:UpdateItem" in actions(templates, "workflows", "dynamodb:")


def test_nobody_may_delete_a_key_or_put_one_in_its_place(templates: Templates) -> None:
    keys = next(
        name for name, table in templates.of_type("AWS::DynamoDB::Table").items() if "keys" in table["TableName"]
    )
    for _, statement in templates.statements():
        if keys.rpartition(".")[2] in str(statement["Resource"]) and "dynamodb" in str(statement["Action"]):
            allowed = {statement["Action"]} if isinstance(statement["Action"], str) else {*statement["Action"]}
            assert allowed <= {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"}


def test_payloads_of_a_moment_are_gone_after_two_days(templates: Templates) -> None:
    buckets = templates.of_type("AWS::S3::Bucket").values()
    rules = [rule for each in buckets for rule in each.get("LifecycleConfiguration", {}).get("Rules", ())]
    passing = {rule["Prefix"]: rule for rule in rules if rule.get("Prefix") in ("nodes/", "answers/")}
    assert set(passing) == {"nodes/", "answers/"}
    for rule in passing.values():
        assert (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]) == (2, 1)


def test_only_the_eraser_takes_payloads_away_and_only_copies(repo: Templates) -> None:
    erasing = [
        (name, statement)
        for name, statement in repo.statements()
        if "s3:DeleteObjectVersion" in str(statement["Action"])
    ]
    of_payloads = [(name, each) for name, each in erasing if "Payloads" in str(each["Resource"])]
    assert of_payloads
    for name, statement in of_payloads:
        assert "subjecterasure" in name
        assert {"nodes/*", "snapshots/*"} == {
            part.rpartition("/")[0].rpartition("/")[2] + "/*" for part in _ends(statement["Resource"])
        }


def _ends(resources: Any) -> list[str]:
    """The last part of each joined ARN."""
    return [each["Fn::Join"][1][-1] for each in resources]
