"""The way in: REST paths and the functions behind them."""

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.rest_api import PenstockRestApi
from infra.definition import ApiTrigger
from infra.settings import StageSettings
from infra.stacks.compute import ComputeStack


class ApiStack(cdk.Stack):
    """One REST API over every function that asked for paths."""

    def __init__(self, scope: Construct, settings: StageSettings, compute: ComputeStack) -> None:
        super().__init__(scope, "Api")
        rest = PenstockRestApi(self, settings)
        self.api = rest.api
        for function in compute.functions.values():
            trigger = function.definition.trigger
            for path in trigger.paths if isinstance(trigger, ApiTrigger) else ():
                rest.route(path, function.function)
        cdk.CfnOutput(self, "ApiUrl", value=self.api.url)
        cdk.CfnOutput(self, "ApiId", value=self.api.rest_api_id)
