"""One saga as a Step Functions state machine: compiled from its definition, logged without data, watched."""

import json

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.settings import StageSettings
from penstock.json import JSONObject
from penstock.sagas import states_language
from penstock.sagas.definition import SagaDefinition
from penstock.sagas.plan import Plan

LOG_GROUPS = "/aws/vendedlogs/states"
"""Log groups below this share one resource policy, which has a limit on its size."""


OWN = "own-"
"""What the names of the machines of tenants' own sagas begin with, after the stage's prefix: no built-in saga's id
holds a hyphen."""


def machine_name(prefix: str, saga: str) -> str:
    """The name of a saga's machine."""
    return f"{prefix}-{saga}"


def machine_role(scope: Construct, function: str) -> iam.Role:
    """The role of saga machines, with their one right: to call the function (its ARN) that performs steps."""
    invoke = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function])
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account}}
        ),
        inline_policies={"steps": iam.PolicyDocument(statements=[invoke])},
    )


class SagaMachine(Construct):
    """`penstock-<stage>-<saga>`, Standard; `function` is the ARN of what performs the steps."""

    def __init__(
        self,
        scope: Construct,
        saga: str,
        definition: JSONObject,
        *,
        settings: StageSettings,
        role: iam.IRole,
        function: str,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, f"Saga-{saga}")
        name = machine_name(settings.prefix, saga)
        compiled = states_language.compile(Plan(SagaDefinition.model_validate(definition)))
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=stepfunctions.StateMachineType.STANDARD,
            comment=definition["name"],
            definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(compiled)),
            definition_substitutions={states_language.FUNCTION.strip("${}"): function},
            role=role,
            tracing_enabled=False,
            removal_policy=settings.removal,
            logs=stepfunctions.LogOptions(
                destination=self._log_group(name, settings),
                level=stepfunctions.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        self._alarm(name, alarms)

    def _log_group(self, name: str, settings: StageSettings) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"{LOG_GROUPS}/{name}",
            retention=settings.log_retention,
            removal_policy=settings.removal,
        )

    def _alarm(self, name: str, alarms: sns.ITopic) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "NeedsAttention",
            alarm_name=f"{name}-needs-attention",
            alarm_description="A run of this saga can be neither finished nor undone without a person.",
            metric=self.machine.metric_failed(),
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(alarms))
