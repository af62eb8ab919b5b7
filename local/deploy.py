"""Deploys the stacks of a cloud assembly by CloudFormation change sets; what did not change is skipped."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local.assembly import Asset, Stack
from local.errors import DeployError
from local.home import ACCOUNT, CREDENTIALS, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = "30"
BOOTSTRAP_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
STACK_SECONDS = 120
POLL_SECONDS = 0.1
FINISHED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
UNDER_WAY = ("_IN_PROGRESS",)


def client(service: str, endpoint: str) -> Any:
    """A boto3 client of the local AWS, bounded in time."""
    config = Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 2})
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, config=config, **CREDENTIALS)  # type: ignore[call-overload]


def bootstrap(endpoint: str, stacks: tuple[Stack, ...]) -> None:
    """What `cdk bootstrap` leaves in an account, as far as a template asks for it."""
    client("ssm", endpoint).put_parameter(
        Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    s3 = client("s3", endpoint)
    for bucket in {BOOTSTRAP_BUCKET} | {asset.bucket for stack in stacks for asset in stack.assets}:
        s3.create_bucket(Bucket=bucket)


def upload_template(endpoint: str, stack: Stack) -> str:
    """Stores a template and returns its URL: CloudFormation takes 50 KB in the request itself, 1 MB from S3."""
    s3: S3Client = client("s3", endpoint)
    key = f"{stack.digest}.template.json"
    s3.put_object(Bucket=BOOTSTRAP_BUCKET, Key=key, Body=stack.template.encode())
    return f"{endpoint}/{BOOTSTRAP_BUCKET}/{key}"


def upload(endpoint: str, asset: Asset) -> None:
    """Stores an asset under the name of its content, unless it is there."""
    s3: S3Client = client("s3", endpoint)
    try:
        s3.head_object(Bucket=asset.bucket, Key=asset.key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=asset.content())


@dataclass(frozen=True)
class Deployer:
    """Creates or updates one stack at a time, within `STACK_SECONDS` each."""

    endpoint: str

    @property
    def cloudformation(self) -> "CloudFormationClient":
        found: CloudFormationClient = client("cloudformation", self.endpoint)
        return found

    def deploy(self, stack: Stack) -> dict[str, str]:
        """Deploys `stack` and returns its outputs. Raises `DeployError`."""
        for asset in stack.assets:
            upload(self.endpoint, asset)
        exists = self._status(stack.name) is not None
        change_set = f"penstock-{uuid4().hex[:12]}"
        self.cloudformation.create_change_set(
            StackName=stack.name,
            ChangeSetName=change_set,
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateURL=upload_template(self.endpoint, stack),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
        )
        self._await_change_set(stack.name, change_set)
        self.cloudformation.execute_change_set(StackName=stack.name, ChangeSetName=change_set)
        return self._await_stack(stack.name)

    def _await_change_set(self, name: str, change_set: str) -> None:
        waiter = self.cloudformation.get_waiter("change_set_create_complete")
        config = {"Delay": 1, "MaxAttempts": STACK_SECONDS}
        try:
            waiter.wait(StackName=name, ChangeSetName=change_set, WaiterConfig=config)  # type: ignore[arg-type]
        except WaiterError as error:
            reason = str(error.last_response.get("StatusReason", error))
            raise DeployError(name, (f"change set: {reason}",)) from error

    def _await_stack(self, name: str) -> dict[str, str]:
        deadline = time.monotonic() + STACK_SECONDS
        while (status := self._status(name) or "").endswith(UNDER_WAY):
            if time.monotonic() > deadline:
                raise DeployError(name, (f"still {status} after {STACK_SECONDS} s", *self._reasons(name)))
            time.sleep(POLL_SECONDS)
        if status not in FINISHED:
            raise DeployError(name, (f"ended as {status}", *self._reasons(name)))
        described = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def _status(self, name: str) -> str | None:
        try:
            stack = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return stack["StackStatus"]

    def _reasons(self, name: str) -> tuple[str, ...]:
        events = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return tuple(
            f"{event['LogicalResourceId']} ({event.get('ResourceType')}): {event.get('ResourceStatusReason', '')}"
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        )
