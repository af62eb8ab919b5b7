"""The AWS account behind a stage: the local one of this checkout, or the one of the caller's credentials."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from penstock_cli import checkout
from penstock_cli.errors import Failure, WrongUse

LOCAL = "local"
Stage = Annotated[str, typer.Option("--stage", help="The stage: local, or a deployed one")]
_STAGE = re.compile(r"[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True)
class Account:
    """How a stage's AWS is reached."""

    stage: str
    options: Mapping[str, Any]

    @property
    def prefix(self) -> str:
        """What the names of the stage's resources begin with."""
        return f"penstock-{self.stage}"

    def client(self, service: str) -> Any:
        """A boto3 client, bounded in time. Raises Failure where there are no credentials or no region."""
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
        with calls(self.stage):
            return boto3.client(service, config=config, **self.options)  # type: ignore[call-overload]

    def outputs(self, stack: str) -> Mapping[str, str]:
        """The outputs of one of the stage's CloudFormation stacks. Raises Failure when it is not deployed."""
        with calls(self.stage):
            found = self.client("cloudformation").describe_stacks(StackName=f"{self.prefix}-{stack}")["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def account(stage: str) -> Account:
    """The account of a stage. Raises WrongUse, for the local one also when it is not up."""
    checked(stage)
    if stage != LOCAL:
        return Account(stage, {})
    checkout.enter()
    from local import stack
    from local.home import CREDENTIALS

    running = stack.status()
    if running is None:
        raise WrongUse("the local stack is not up; start it by `penstock up`")
    return Account(LOCAL, {"endpoint_url": running.endpoint, "region_name": running.region, **CREDENTIALS})


def checked(stage: str) -> str:
    """The stage's name. Raises WrongUse when it cannot be one."""
    if not _STAGE.fullmatch(stage):
        raise WrongUse(f"--stage {stage}: must be a lower-case word of at most 16 letters and digits")
    return stage


@contextmanager
def calls(stage: str) -> Iterator[None]:
    """Turns what boto3 raises into a Failure that names the stage."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"stage {stage}: {error}") from error
