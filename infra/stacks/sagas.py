"""What operators watch run step by step: one state machine for every saga that comes with a package."""

import aws_cdk as cdk
from aws_cdk import aws_events as eventbridge
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.consumer_queue import DeadLetterQueue
from infra.constructs.saga_machine import SagaMachine
from infra.settings import StageSettings
from infra.stacks.compute import ComputeStack
from infra.stacks.events import EventsStack
from penstock.sagas.library import built_in

STEPS_FUNCTION = "saga_steps"


class SagasStack(cdk.Stack):
    """The machines, and the one right that they have: to call the function that performs steps."""

    def __init__(
        self, scope: Construct, settings: StageSettings, *, events: EventsStack, compute: ComputeStack
    ) -> None:
        super().__init__(scope, "Sagas")
        function = compute.functions[STEPS_FUNCTION].function
        role = self._role(function.function_arn)
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
        self._watch([each.machine.state_machine_arn for each in machines], function, unheard)

    def _watch(self, machines: list[str], function: lambda_.IFunction, unheard: DeadLetterQueue) -> None:
        """A machine that is aborted, or fails where it can record nothing, would leave its run waiting for ever."""
        eventbridge.Rule(
            self,
            "Stopped",
            event_pattern=eventbridge.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": machines, "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            ),
            targets=[targets.LambdaFunction(function, dead_letter_queue=unheard.queue)],
        )
        self._keep_what_failed(function, unheard.queue)

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

    def _role(self, function: str) -> iam.Role:
        invoke = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function])
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
            inline_policies={"steps": iam.PolicyDocument(statements=[invoke])},
        )
