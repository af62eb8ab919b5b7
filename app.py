"""The CDK app. `python app.py` synthesises one stage; context `stage` and `target` say which and for what machine.

`target` is `lambda-arm64` for AWS (python3.13) and `host` for the local stack, which runs functions on this
machine's interpreter. Set in cdk.json, `identity_provider` names whose JWTs the API takes, and `http_allow` the hosts
that HTTP nodes and webhooks reach though they are not public; `healthlake_datastores` the AWS HealthLake data stores
that each tenant may use, by ARN.
"""

import os
from pathlib import Path

import aws_cdk as cdk

from infra.functions import discover
from infra.layers import build_layers
from infra.stages import PenstockStage
from infra.wheels import TARGETS

ROOT = Path(__file__).resolve().parent


def main() -> None:
    app = cdk.App()
    PenstockStage(
        app,
        app.node.get_context("stage"),
        functions=discover(ROOT / "functions"),
        layers=build_layers(ROOT, TARGETS[app.node.get_context("target")]),
        identity_provider=app.node.try_get_context("identity_provider"),
        http_allow=app.node.try_get_context("http_allow") or (),
        env=cdk.Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION")),
    )
    app.synth()


main()
