"""The templates: every promise of the design that CloudFormation can keep or break."""

import json
from typing import Any

import pytest

from infra.errors import DefinitionError
from infra.layers import WingLayers
from infra.settings import settings_for
from penstock.aws.view_items import GSIS
from penstock.events.discovery import projections
from penstock.events.watched import LAG_METRIC
from tests.infra.sample import SAMPLE, Templates, synthesise, write_function

JUSTIFIED_STARS = {
    # The action has no resource to name (Service Authorization Reference).
    "dynamodb:ListStreams",
    # What Step Functions' documentation has for logging: deliveries and resource policies are of the account.
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
GRANT_VARIABLES = {
    "PENSTOCK_EVENTS_TABLE",
    "PENSTOCK_KEYS_TABLE",
    "PENSTOCK_KEY_OF_KEYS",
    "PENSTOCK_VIEWS_TABLE",
    "PENSTOCK_PAYLOADS_BUCKET",
    "PENSTOCK_ARCHIVE_BUCKET",
    "PENSTOCK_RETENTION_FLOOR",
    "PENSTOCK_QUEUES",
    "PENSTOCK_QUEUE_ARNS",
    "PENSTOCK_BUS",
    "PENSTOCK_SCHEDULE_GROUP",
    "PENSTOCK_SCHEDULE_ROLE_ARN",
    "PENSTOCK_NODE_RUNNERS",
    "PENSTOCK_CONSUMERS",
    "PENSTOCK_MACHINES",
    "PENSTOCK_DEAD_LETTERS",
}
EXPECTED_VARIABLES = {
    "workflows": GRANT_VARIABLES - {"PENSTOCK_BUS", "PENSTOCK_CONSUMERS", "PENSTOCK_MACHINES", "PENSTOCK_DEAD_LETTERS"},
    "sequencer": {"PENSTOCK_CONSUMERS"},
    "projector": {
        "PENSTOCK_EVENTS_TABLE",
        "PENSTOCK_KEYS_TABLE",
        "PENSTOCK_KEY_OF_KEYS",
        "PENSTOCK_VIEWS_TABLE",
        "PENSTOCK_BUS",
    },
    "search_indexer": set(),
    "engine": {"PENSTOCK_PAYLOADS_BUCKET"},
    "triggers": set(),
    "audit": set(),
    "healthcare_nodes": set(),
}


@pytest.fixture(params=["sample", "repo"])
def templates(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(request.param)
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _dead_letter_ids(templates: Templates) -> set[str]:
    queues = templates.of_type("AWS::SQS::Queue")
    return {name for name, queue in queues.items() if "RedrivePolicy" not in queue}


def test_every_queue_has_a_dead_letter_queue_that_has_an_alarm(templates: Templates) -> None:
    dead = _dead_letter_ids(templates)
    alarms = templates.of_type("AWS::CloudWatch::Alarm").values()
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in alarms
        if "Dimensions" in alarm and "depth" in alarm["AlarmName"]
    }
    assert dead
    assert {name.split(".")[1] for name in dead} == watched
    for alarm in alarms:
        assert alarm["AlarmActions"], alarm["AlarmName"]
        assert alarm["Threshold"] >= 1


def test_every_event_source_reports_failures_of_single_items(templates: Templates) -> None:
    mappings = templates.of_type("AWS::Lambda::EventSourceMapping")
    assert mappings
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_stream_bisects_retries_and_keeps_what_failed(sample: Templates) -> None:
    mappings = sample.of_type("AWS::Lambda::EventSourceMapping").values()
    (stream,) = [mapping for mapping in mappings if "StartingPosition" in mapping]
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["MaximumRetryAttempts"] == settings_for("dev").stream_retries
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert "Destination" in stream["DestinationConfig"]["OnFailure"]


def test_the_events_table_streams_new_images_and_is_keyed_by_commit(sample: Templates) -> None:
    (events,) = [t for t in sample.of_type("AWS::DynamoDB::Table").values() if t["TableName"] == "penstock-dev-events"]
    assert events["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert events["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "commit", "KeyType": "RANGE"},
    ]
    assert {"AttributeName": "commit", "AttributeType": "N"} in events["AttributeDefinitions"]


def test_the_views_table_has_its_indexes_of_keys_only_and_expires_items(sample: Templates) -> None:
    (views,) = [t for t in sample.of_type("AWS::DynamoDB::Table").values() if t["TableName"] == "penstock-dev-views"]
    indexes = {index["IndexName"]: index for index in views["GlobalSecondaryIndexes"]}
    assert indexes.keys() == {gsi.name for gsi in GSIS}
    assert [key["AttributeName"] for key in indexes["by_index3"]["KeySchema"]] == ["gpk3", "gsk3"]
    assert {index["Projection"]["ProjectionType"] for index in indexes.values()} == {"KEYS_ONLY"}
    assert views["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_tables_are_encrypted_recoverable_and_paid_by_request(templates: Templates) -> None:
    """All but the keys are recoverable: see `test_privacy`."""
    for table in templates.of_type("AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True}
        recoverable = not table["TableName"].endswith("-keys")
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": recoverable}


@pytest.mark.parametrize(("stage", "keeps"), [("repo", True), ("sample", False)])
def test_only_production_keeps_its_data_when_its_stack_goes(
    stage: str, keeps: bool, request: pytest.FixtureRequest
) -> None:
    templates: Templates = request.getfixturevalue(stage)
    kept = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
    stores = [resource for resource in templates.resources.values() if resource["Type"] in kept]
    assert {resource["DeletionPolicy"] for resource in stores} == {"Retain" if keeps else "Delete"}
    tables = templates.of_type("AWS::DynamoDB::Table").values()
    assert {table.get("DeletionProtectionEnabled", False) for table in tables} == {keeps}


def test_no_bucket_is_public_or_answers_without_tls(templates: Templates) -> None:
    blocked = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    buckets = templates.of_type("AWS::S3::Bucket")
    assert buckets
    for bucket in buckets.values():
        assert {key for key, value in bucket["PublicAccessBlockConfiguration"].items() if value} == blocked
        assert bucket["BucketEncryption"]
    for policy in templates.of_type("AWS::S3::BucketPolicy").values():
        denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert any(s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for s in denials)


def _archive_bucket(templates: Templates) -> dict[str, Any]:
    (bucket,) = [found for name, found in templates.of_type("AWS::S3::Bucket").items() if ".Archive" in name]
    return bucket


def test_production_locks_the_archive_for_seven_years_and_moves_it_to_colder_storage(repo: Templates) -> None:
    bucket = _archive_bucket(repo)
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 2557}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    tiers = {each["StorageClass"]: each["TransitionInDays"] for each in rule["Transitions"]}
    assert tiers == {"GLACIER_IR": 90, "DEEP_ARCHIVE": 365}
    assert "ExpirationInDays" not in rule


def test_outside_production_nothing_keeps_the_archive_from_going(sample: Templates) -> None:
    """Nothing but what a tenant's own rules and holds lock."""
    bucket = _archive_bucket(sample)
    assert bucket["ObjectLockEnabled"] is True
    assert not {"ObjectLockConfiguration", "LifecycleConfiguration"} & set(bucket)


def test_no_right_reaches_every_resource_unless_the_action_knows_none(templates: Templates) -> None:
    for name, statement in templates.statements():
        if "*" in _as_list(statement["Resource"]):
            assert set(_as_list(statement["Action"])) <= JUSTIFIED_STARS, name


def test_no_right_is_a_wildcard_of_actions(templates: Templates) -> None:
    for name, statement in templates.statements():
        assert not [action for action in _as_list(statement["Action"]) if "*" in action], name


def test_no_function_may_change_or_delete_an_event(templates: Templates) -> None:
    for name, statement in templates.statements():
        if "Events" in json.dumps(statement["Resource"]) and "dynamodb" in json.dumps(statement["Action"]):
            assert not {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} & set(
                _as_list(statement["Action"])
            ), name


@pytest.mark.parametrize("name", sorted(SAMPLE))
def test_a_function_knows_only_of_what_it_was_granted(sample: Templates, name: str) -> None:
    variables = sample.function(name)["Environment"]["Variables"]
    assert {key for key in variables if key in GRANT_VARIABLES} == EXPECTED_VARIABLES[name]
    assert variables["PENSTOCK_STAGE"] == "dev"
    assert variables["POWERTOOLS_SERVICE_NAME"] == name


def test_only_endpoints_know_whose_tokens_the_api_takes(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    for name in ("workflows", "engine"):
        write_function(tmp_path, name, SAMPLE[name].replace('invoke = ["healthcare_nodes"]', ""))
    provider = {"issuer": "https://id.example.org", "audience": "penstock", "jwks_url": "https://id.example.org/keys"}
    templates = synthesise("dev", tmp_path, layers, tmp_path / "out", provider)
    variables = templates.function("workflows")["Environment"]["Variables"]
    assert json.loads(variables["PENSTOCK_JWT"]) == provider
    assert "PENSTOCK_JWT" not in templates.function("engine")["Environment"]["Variables"]


def test_the_sequencer_knows_every_consumer_with_its_kinds_and_delay(sample: Templates) -> None:
    joined = sample.function("sequencer")["Environment"]["Variables"]["PENSTOCK_CONSUMERS"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "URL" for part in joined)
    assert json.loads(text) == {
        "like": "URL",
        "consumers": {
            "projector": {"kinds": ["workflow", "execution"], "delay": 2, "ordered": False},
            "search_indexer": {"kinds": ["feed"], "delay": 5, "ordered": True},
        },
    }


def test_every_functions_environment_fits_into_lambdas_4_kb(repo: Templates) -> None:
    """What CloudFormation fills in counts as 100 characters: no ARN or URL of ours is longer."""
    for function in repo.of_type("AWS::Lambda::Function").values():
        variables = function.get("Environment", {}).get("Variables", {})
        size = sum(len(name) + _length(value) for name, value in variables.items())
        assert size < 3_500, f"{function['FunctionName']} has {size} bytes"


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    joined = value.get("Fn::Join")
    return sum(map(_length, joined[1])) if joined else 100


def test_an_ordered_consumer_has_fifo_queues_that_delay_by_themselves(sample: Templates) -> None:
    queues = {queue["QueueName"]: queue for queue in sample.of_type("AWS::SQS::Queue").values()}
    queue = queues["penstock-dev-search_indexer.fifo"]
    assert (queue["FifoQueue"], queue["DelaySeconds"]) == (True, 5)
    assert queues["penstock-dev-search_indexer-dead-letters.fifo"]["FifoQueue"] is True


def test_a_node_runner_is_named_by_its_wing(sample: Templates) -> None:
    runners = sample.function("workflows")["Environment"]["Variables"]["PENSTOCK_NODE_RUNNERS"]
    assert json.loads(runners) == {"healthcare": "penstock-dev-healthcare_nodes"}


def test_schedules_reach_the_engine_and_the_triggers_only(sample: Templates) -> None:
    (role,) = [
        statement
        for name, statement in sample.statements()
        if "SchedulerRole" in name and statement["Action"] == "sqs:SendMessage"
    ]
    targets = {resource["Fn::GetAtt"][0] for resource in role["Resource"]}
    assert {target.removeprefix("Queue").split("Queue")[0] for target in targets} == {"engine", "triggers"}


def test_functions_run_python_3_13_on_arm64_with_at_most_five_layers(templates: Templates) -> None:
    for function in templates.of_type("AWS::Lambda::Function").values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert len(function["Layers"]) <= 5


def test_platform_layers_come_before_those_of_a_wing(sample: Templates) -> None:
    refs = [layer["Ref"] for layer in sample.function("healthcare_nodes")["Layers"]]
    assert [ref.rstrip("0123456789ABCDEF") for ref in refs] == [
        "Sourceplatform",
        "Wheelsplatform",
        "Sourcehealthcare",
        "Wheelshealthcare",
    ]


def test_a_message_stays_hidden_longer_than_its_function_may_run(sample: Templates) -> None:
    queues = sample.of_type("AWS::SQS::Queue").values()
    (engine,) = [queue for queue in queues if queue["QueueName"] == "penstock-dev-engine"]
    assert engine["VisibilityTimeout"] == 6 * 60
    assert engine["RedrivePolicy"]["maxReceiveCount"] == 5


def test_every_path_serves_itself_and_all_below_it(sample: Templates) -> None:
    methods = sample.of_type("AWS::ApiGateway::Method").values()
    assert len([method for method in methods if method["HttpMethod"] == "ANY"]) == 4
    parts = {resource["PathPart"] for resource in sample.of_type("AWS::ApiGateway::Resource").values()}
    assert parts == {"v1", "workflows", "executions", "{id}", "{proxy+}"}


def test_the_api_logs_no_body_and_no_path(templates: Templates) -> None:
    (stage,) = templates.of_type("AWS::ApiGateway::Stage").values()
    assert not any(setting.get("DataTraceEnabled") for setting in stage["MethodSettings"])
    fields = json.loads(stage["AccessLogSetting"]["Format"])
    assert "$context.resourcePath" in fields.values()
    assert not {"$context.path", "$context.identity.sourceIp"} & set(fields.values())


def test_the_gateways_own_errors_are_problem_details(templates: Templates) -> None:
    responses = templates.of_type("AWS::ApiGateway::GatewayResponse")
    assert responses
    for response in responses.values():
        headers = response["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert json.loads(response["ResponseTemplates"]["application/json"]).keys() == {"type", "title", "status"}


def test_logs_do_not_stay_for_ever(templates: Templates) -> None:
    for group in templates.of_type("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"]


def test_the_age_of_the_stream_raises_an_alarm(sample: Templates) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in sample.of_type("AWS::CloudWatch::Alarm").values()}
    assert alarms["penstock-dev-sequencer-iterator-age"]["MetricName"] == "IteratorAge"


def test_a_wing_that_does_not_exist_is_refused(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    write_function(tmp_path / "functions", "lost", 'description = "x"\nwings = ["mining"]\n[trigger]\ninvoke = true')
    with pytest.raises(DefinitionError, match="'mining' is not one of"):
        synthesise("dev", tmp_path / "functions", layers, tmp_path / "out")


def test_more_layers_than_lambda_takes_are_refused(tmp_path: Any, layers: dict[str, WingLayers]) -> None:
    many = layers | {"finance": WingLayers("finance", layers["healthcare"].source, layers["healthcare"].wheels)}
    wide = 'description = "x"\nwings = ["healthcare", "finance"]\n[trigger]\ninvoke = true'
    write_function(tmp_path / "functions", "wide", wide)
    with pytest.raises(DefinitionError, match="needs 6 layers; Lambda takes 5"):
        synthesise("dev", tmp_path / "functions", many, tmp_path / "out")


@pytest.mark.parametrize("stage", ["Prod", "my-stage", "", "a" * 17])
def test_a_stage_name_that_resources_cannot_carry_is_refused(
    stage: str, tmp_path: Any, layers: dict[str, WingLayers]
) -> None:
    with pytest.raises(ValueError, match="lower-case word"):
        synthesise(stage, tmp_path, layers, tmp_path / "out")


def test_what_lags_by_more_than_a_second_raises_an_alarm(repo: Templates) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in repo.of_type("AWS::CloudWatch::Alarm").values()}
    for name in (*(projection.name for projection in projections()), "publisher", "metrics_projector"):
        alarm = alarms[f"penstock-prod-{name}-lag"]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Penstock", LAG_METRIC)
        assert dimensions == {"stage": "prod", "projection": name}
        assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p99", 1_000)
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, 5)


def test_a_consumer_that_waits_on_purpose_is_given_that_time(sample: Templates) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in sample.of_type("AWS::CloudWatch::Alarm").values()}
    lags = {name: alarm["Threshold"] for name, alarm in alarms.items() if name.endswith("-lag")}
    kinds = ("workflow", "execution")
    expected = [projection.name for projection in projections() if projection.kind in kinds]
    follower = {"penstock-dev-search_indexer-lag": 6_000}
    assert lags == {f"penstock-dev-{name}-lag": 3_000 for name in expected} | follower


def test_the_dashboard_shows_lag_dead_letters_and_throughput(repo: Templates) -> None:
    (dashboard,) = repo.of_type("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    for title in ("Lag of read models", "Dead letters", "Messages done", "Oldest message waiting"):
        assert title in body
    assert LAG_METRIC in body
