"""What an operator watches beside the depth of dead-letter queues: the stream falling behind, the API failing."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.constructs.penstock_function import PenstockFunction
from infra.definition import StreamTrigger
from infra.settings import StageSettings
from infra.stacks.api import ApiStack
from infra.stacks.compute import ComputeStack
from infra.stacks.events import EventsStack

ITERATOR_AGE_MS = 60_000
FIVE_MINUTES = cdk.Duration.minutes(5)


class ObservabilityStack(cdk.Stack):
    """Alarms and a dashboard."""

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        events: EventsStack,
        compute: ComputeStack,
        api: ApiStack,
    ) -> None:
        super().__init__(scope, "Observability")
        self.prefix = settings.prefix
        self.action = actions.SnsAction(events.alarms)
        for function in compute.functions.values():
            if isinstance(function.definition.trigger, StreamTrigger):
                self._iterator_age(function)
        self._alarm(
            "api-errors", api.api.metric_server_error(period=FIVE_MINUTES), 1, "The API answered with a 5xx status."
        )
        self._dashboard(compute, api)

    def _iterator_age(self, function: PenstockFunction) -> None:
        age = function.function.metric("IteratorAge", statistic="max", period=cdk.Duration.minutes(1))
        self._alarm(
            f"{function.definition.name}-iterator-age",
            age,
            ITERATOR_AGE_MS,
            "Events wait longer than a minute before they reach their consumers.",
        )

    def _alarm(self, name: str, metric: cloudwatch.IMetric, threshold: float, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self.prefix}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self.action)

    def _dashboard(self, compute: ComputeStack, api: ApiStack) -> None:
        functions = [function.function for function in compute.functions.values()]
        graphs = {
            "API": [api.api.metric_count(), api.api.metric_client_error(), api.api.metric_server_error()],
            "API latency": [api.api.metric_latency(statistic="p50"), api.api.metric_latency(statistic="p95")],
            "Function errors": [function.metric_errors() for function in functions],
            "Function duration, p95": [function.metric_duration(statistic="p95") for function in functions],
        }
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.prefix,
            widgets=[[cloudwatch.GraphWidget(title=title, left=left, width=12)] for title, left in graphs.items()],
        )
