"""What operators watch run step by step: one state machine for every saga that comes with a package.

Those of tenants' own sagas are made at run time (`infra.stacks.own_sagas`); they are listened to here like the others.
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as eventbridge
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.consumer_queue import DeadLetterQueue
from infra.constructs.saga_machine import OWN, SagaMachine, machine_name, machine_role
from infra.settings import StageSettings
from infra.stacks.compute import ComputeStack
from infra.stacks.events import EventsStack
from infra.stacks.own_sagas import STEPS_FUNCTION
from penstock.sagas.library import built_in


class SagasStack(cdk.Stack):
    """The machines, and the one right that they have: to call the function that performs steps."""

    def __init__(
        self, scope: Construct, settings: StageSettings, *, events: EventsStack, compute: ComputeStack
    ) -> None:
        super().__init__(scope, "Sagas")
        function = compute.functions[STEPS_FUNCTION].function
        role = machine_role(self, function.function_arn)
        machines = [
            SagaMachine(
                self,
                saga.id,
                saga.definition,
                settings=settings,
                role=role,
                function=function.function_arn,
                alarms=events.alarms,
            )
            for saga in built_in().values()
        ]
        unheard = DeadLetterQueue(self, "Unheard", queue_name=f"{settings.prefix}-saga-stops", alarms=events.alarms)
        self._watch("Stopped", [each.machine.state_machine_arn for each in machines], function, unheard)
        own = self._watch("OwnStopped", [{"prefix": self._own(settings)}], function, unheard)
        self._alarm(f"{machine_name(settings.prefix, OWN)}sagas-need-attention", own, events.alarms)
        self._keep_what_failed(function, unheard.queue)

    def _own(self, settings: StageSettings) -> str:
        """What the ARNs of own machines begin with."""
        return self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=machine_name(settings.prefix, OWN),
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _watch(
        self, name: str, machines: list[Any], function: lambda_.IFunction, unheard: DeadLetterQueue
    ) -> eventbridge.Rule:
        """A machine that is aborted, or fails where it can record nothing, would leave its run waiting for ever."""
        return eventbridge.Rule(
            self,
            name,
            event_pattern=eventbridge.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": machines, "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            ),
            targets=[targets.LambdaFunction(function, dead_letter_queue=unheard.queue)],
        )

    def _alarm(self, name: str, rule: eventbridge.Rule, alarms: sns.ITopic) -> None:
        """A machine's own metrics are known by its ARN only; the rule sees each one that fails, whatever its name."""
        stopped = cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="TriggeredRules",
            dimensions_map={"RuleName": rule.rule_name},
            statistic="Sum",
        )
        alarm = cloudwatch.Alarm(
            self,
            "OwnNeedAttention",
            alarm_name=name,
            alarm_description="A run of a tenant's own saga can be neither finished nor undone without a person.",
            metric=stopped,
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(alarms))

    def _keep_what_failed(self, function: lambda_.IFunction, queue: sqs.IQueue) -> None:
        """EventBridge only hands the news over: what the function then fails with, thrice, would be dropped.

        The right stands here, not in the function's own stack, which this one already depends on.
        """
        failed = lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
        lambda_.CfnEventInvokeConfig(
            self,
            "Retries",
            function_name=function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=2,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(on_failure=failed),
        )
        send = iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])
        iam.Policy(self, "MaySendFailures", roles=[function.role] if function.role else [], statements=[send])
