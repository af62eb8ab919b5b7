"""boto3 clients, one a service and process; boto3 takes endpoint and region from the environment."""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
)


@cache
def client(service: str) -> Any:
    """The service's client. Safe for threads."""
    return boto3.client(service, config=CONFIG)  # type: ignore[call-overload]


def dynamodb() -> "DynamoDBClient":
    """Tables."""
    made: DynamoDBClient = client("dynamodb")
    return made


def s3() -> "S3Client":
    """Buckets."""
    made: S3Client = client("s3")
    return made


def sqs() -> "SQSClient":
    """Queues."""
    made: SQSClient = client("sqs")
    return made


def eventbridge() -> "EventBridgeClient":
    """Buses."""
    made: EventBridgeClient = client("events")
    return made


def functions() -> "LambdaClient":
    """Functions. A node may run as long as its function may, and is never run twice by a retry here."""
    config = CONFIG.merge(Config(read_timeout=900, retries={"mode": "standard", "total_max_attempts": 1}))
    made: LambdaClient = boto3.client("lambda", config=config)
    return made


def kms() -> Any:
    """Encryption keys."""
    return client("kms")


def scheduler() -> "EventBridgeSchedulerClient":
    """One-off and recurring schedules."""
    made: EventBridgeSchedulerClient = client("scheduler")
    return made


def stepfunctions() -> Any:
    """State machines."""
    return client("stepfunctions")
