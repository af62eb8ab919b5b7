"""How news travels: the bus, a queue for every consumer, the schedules that wake executions."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.consumer_queue import ConsumerQueue, DeadLetterQueue
from infra.definition import BusTrigger, EventsTrigger, FunctionDefinition
from infra.settings import StageSettings

EVENT_SOURCE = "penstock"
SCHEDULED_CONSUMERS = ("engine", "triggers", "process_steps", "webhook_deliveries", "fhir_notifications")
"""The consumers whose queues a schedule may send to."""

DAILY = {"retention_keeper": {"expire": True}}
"""The consumers that are sent a message once a day."""


def _ordered_delay(function: FunctionDefinition) -> int | None:
    """A FIFO queue delays all of its messages alike, where the sequencer delays each one of another queue."""
    trigger = function.trigger
    return trigger.delay if isinstance(trigger, EventsTrigger) and trigger.ordered else None


class EventsStack(cdk.Stack):
    """Everything between a function that says something and a function that hears it."""

    def __init__(self, scope: Construct, settings: StageSettings, functions: Iterable[FunctionDefinition]) -> None:
        super().__init__(scope, "Events")
        self.alarms = sns.Topic(self, "Alarms", topic_name=f"{settings.prefix}-alarms", enforce_ssl=True)
        self.bus = events.EventBus(self, "Bus", event_bus_name=settings.prefix)
        self._keep(settings)
        self.stream_failures = DeadLetterQueue(
            self, "StreamFailures", queue_name=f"{settings.prefix}-stream-failures", alarms=self.alarms
        )
        self.consumers: dict[str, ConsumerQueue] = {}
        for function in functions:
            if function.is_consumer:
                self._add_consumer(function, settings)
        self.schedule_group = scheduler.CfnScheduleGroup(self, "Schedules", name=settings.prefix)
        self.schedule_role = self._schedule_role()
        cdk.CfnOutput(self, "BusName", value=self.bus.event_bus_name)
        cdk.CfnOutput(self, "AlarmsTopic", value=self.alarms.topic_arn)

    def _keep(self, settings: StageSettings) -> None:
        """What was on the bus can be sent over it again. That is for what hears the bus; the store is the truth."""
        events.Archive(
            self,
            "BusArchive",
            archive_name=settings.prefix,
            source_event_bus=self.bus,
            event_pattern=events.EventPattern(source=[EVENT_SOURCE]),
            retention=cdk.Duration.days(settings.bus_retention),
        )

    def _add_consumer(self, function: FunctionDefinition, settings: StageSettings) -> None:
        consumer = ConsumerQueue(
            self,
            function.name,
            timeout=function.timeout,
            settings=settings,
            alarms=self.alarms,
            ordered_delay=_ordered_delay(function),
        )
        self.consumers[function.name] = consumer
        if function.name in DAILY:
            self._wake_daily(function.name, consumer)
        if isinstance(function.trigger, BusTrigger):
            events.Rule(
                self,
                f"Rule-{function.name}",
                event_bus=self.bus,
                event_pattern=events.EventPattern(
                    source=[EVENT_SOURCE], detail_type=list(function.trigger.detail_types) or None
                ),
                targets=[targets.SqsQueue(consumer.queue, dead_letter_queue=consumer.dead_letters.queue)],
            )

    def _wake_daily(self, name: str, consumer: ConsumerQueue) -> None:
        message = events.RuleTargetInput.from_object(DAILY[name])
        target = targets.SqsQueue(consumer.queue, message=message, dead_letter_queue=consumer.dead_letters.queue)
        events.Rule(self, f"Daily-{name}", schedule=events.Schedule.rate(cdk.Duration.days(1)), targets=[target])

    @property
    def scheduled(self) -> dict[str, ConsumerQueue]:
        return {name: self.consumers[name] for name in SCHEDULED_CONSUMERS if name in self.consumers}

    def _schedule_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "SchedulerRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
        )
        if self.scheduled:
            queues = [consumer.queue.queue_arn for consumer in self.scheduled.values()]
            role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=queues))
        return role
