"""One function of `functions/`: its role, its log group, its layers, and no right that it did not ask for."""

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.grants import Granted
from infra.definition import ApiTrigger, FunctionDefinition
from infra.settings import StageSettings

NOT_CODE = ["function.toml", "**/__pycache__", "__pycache__"]
METRICS_NAMESPACE = "Penstock"


class PenstockFunction(Construct):
    """`penstock-<stage>-<name>`, python3.13 on arm64."""

    def __init__(
        self,
        scope: Construct,
        definition: FunctionDefinition,
        *,
        settings: StageSettings,
        layers: Sequence[lambda_.ILayerVersion],
        granted: Granted,
    ) -> None:
        super().__init__(scope, f"Function-{definition.name}")
        self.definition = definition
        name = f"{settings.prefix}-{definition.name}"
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=settings.log_retention,
            removal_policy=settings.removal,
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=definition.description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(definition.folder), exclude=NOT_CODE),
            memory_size=definition.memory,
            timeout=cdk.Duration.seconds(definition.timeout),
            layers=list(layers),
            role=self._role(log_group, granted.statements),
            log_group=log_group,
            environment={
                "PENSTOCK_STAGE": settings.name,
                "POWERTOOLS_SERVICE_NAME": definition.name,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                **_identity_provider(definition, settings),
                **({"PENSTOCK_HTTP_ALLOW": ",".join(settings.http_allow)} if settings.http_allow else {}),
                **granted.environment,
            },
        )

    def _role(self, log_group: logs.LogGroup, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
        """A role of its own: the managed basic execution policy would let it write to every log group."""
        own_log = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
        )
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"grants": iam.PolicyDocument(statements=[own_log, *statements])},
        )


def _identity_provider(definition: FunctionDefinition, settings: StageSettings) -> Mapping[str, str]:
    """Endpoints authenticate; nothing else needs to know whose tokens hold."""
    is_endpoint = isinstance(definition.trigger, ApiTrigger)
    return (
        {"PENSTOCK_JWT": json.dumps(dict(settings.identity_provider))}
        if is_endpoint and settings.identity_provider
        else {}
    )
