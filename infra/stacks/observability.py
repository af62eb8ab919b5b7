"""What an operator watches beside the depth of dead-letter queues.

The stream or a read model falling behind, the API failing.
"""

from collections.abc import Iterable, Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.constructs.penstock_function import METRICS_NAMESPACE, PenstockFunction
from infra.definition import ALL_KINDS, EventsTrigger, FunctionDefinition, StreamTrigger
from infra.settings import StageSettings
from infra.stacks.api import ApiStack
from infra.stacks.compute import ComputeStack
from infra.stacks.events import EventsStack
from penstock.events.discovery import projections
from penstock.events.nudges import FEED_KIND
from penstock.events.watched import LAG_METRIC

ITERATOR_AGE_MS = 60_000
LAG_MS, LAG_MINUTES = 1_000, 5
"""A read model may lag by a second. Where one event in a hundred waits longer, five minutes on end, look."""

MINUTE, FIVE_MINUTES = cdk.Duration.minutes(1), cdk.Duration.minutes(5)


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
        self.stage, self.prefix = settings.name, settings.prefix
        self.action = actions.SnsAction(events.alarms)
        for function in compute.functions.values():
            if isinstance(function.definition.trigger, StreamTrigger):
                self._iterator_age(function)
        self._alarm(
            "api-errors", api.api.metric_server_error(period=FIVE_MINUTES), 1, "The API answered with a 5xx status."
        )
        delays = measured(function.definition for function in compute.functions.values())
        for name, delay in delays.items():
            self._alarm(
                f"{name}-lag",
                self._lag(name),
                LAG_MS + delay * 1_000,
                "What happened shows here more than a second after the time that this consumer waits on purpose.",
                minutes=LAG_MINUTES,
            )
        self._dashboard(events, compute, api, delays)

    def _iterator_age(self, function: PenstockFunction) -> None:
        age = function.function.metric("IteratorAge", statistic="max", period=MINUTE)
        self._alarm(
            f"{function.definition.name}-iterator-age",
            age,
            ITERATOR_AGE_MS,
            "Events wait longer than a minute before they reach their consumers.",
        )

    def _lag(self, name: str) -> cloudwatch.Metric:
        """What `penstock.aws.lag_metric` publishes."""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=LAG_METRIC,
            dimensions_map={"stage": self.stage, "projection": name},
            statistic="p99",
            period=MINUTE,
        )

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, threshold: float, description: str, *, minutes: int = 1
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self.prefix}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self.action)

    def _dashboard(
        self, events: EventsStack, compute: ComputeStack, api: ApiStack, measured_names: Iterable[str]
    ) -> None:
        functions = [function.function for function in compute.functions.values()]
        consumers = events.consumers.values()
        graphs = {
            "API": [api.api.metric_count(), api.api.metric_client_error(), api.api.metric_server_error()],
            "API latency": [api.api.metric_latency(statistic="p50"), api.api.metric_latency(statistic="p95")],
            "Function errors": [function.metric_errors() for function in functions],
            "Function duration, p95": [function.metric_duration(statistic="p95") for function in functions],
            "Lag of read models and followers, p99": [self._lag(name) for name in measured_names],
            "Dead letters": [
                each.dead_letters.queue.metric_approximate_number_of_messages_visible(statistic="max")
                for each in consumers
            ],
            "Messages done": [each.queue.metric_number_of_messages_deleted() for each in consumers],
            "Oldest message waiting": [
                each.queue.metric_approximate_age_of_oldest_message(statistic="max") for each in consumers
            ],
        }
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.prefix,
            widgets=[[cloudwatch.GraphWidget(title=title, left=left, width=12)] for title, left in graphs.items()],
        )


def measured(functions: Iterable[FunctionDefinition]) -> Mapping[str, int]:
    """What publishes its lag, and after how many seconds it is woken.

    Every projection of a kind that a consumer names, by its own name; whoever follows the feeds, or every stream at
    once, by the name of its function. The archiver gathers on purpose: the age of its oldest message is enough to know.
    """
    delays: dict[str, int] = {}
    for function in functions:
        trigger = function.trigger
        if not isinstance(trigger, EventsTrigger):
            continue
        kept = [projection.name for projection in projections() if projection.kind in trigger.kinds]
        follows = FEED_KIND in trigger.kinds or (ALL_KINDS in trigger.kinds and trigger.delay == 0)
        own = [function.name] if follows else []
        for name in (*kept, *own):
            delays[name] = min(delays.get(name, trigger.delay), trigger.delay)
    return dict(sorted(delays.items()))
