"""What the state machines of tenants' own sagas need before the functions that make them: a role and a log group."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.saga_machine import LOG_GROUPS, OWN, machine_name, machine_role
from infra.settings import StageSettings

STEPS_FUNCTION = "saga_steps"
LOG_DELIVERY_ACTIONS = [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
]


class OwnSagasStack(cdk.Stack):
    """`function` is the ARN of what performs the steps: by name, for it is made after this."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "OwnSagas")
        self.function = self.format_arn(
            service="lambda",
            resource="function",
            resource_name=f"{settings.prefix}-{STEPS_FUNCTION}",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        self.role = machine_role(self, self.function)
        # Step Functions sets log deliveries up as the machine's role, and these rights cannot be narrowed.
        self.role.add_to_policy(iam.PolicyStatement(actions=LOG_DELIVERY_ACTIONS, resources=["*"]))
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"{LOG_GROUPS}/{machine_name(settings.prefix, OWN).rstrip('-')}",
            retention=settings.log_retention,
            removal_policy=settings.removal,
        )
