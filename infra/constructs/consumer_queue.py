"""A queue that feeds one function, with the queue where its failures wait and the alarm that says so."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import StageSettings

RETENTION = Duration.days(14)
FIFO = ".fifo"


class DeadLetterQueue(Construct):
    """Messages that could not be processed, kept for 14 days; one message is enough to raise the alarm."""

    def __init__(
        self, scope: Construct, name: str, *, queue_name: str, alarms: sns.ITopic, is_ordered: bool = False
    ) -> None:
        super().__init__(scope, name)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{queue_name}{FIFO}" if is_ordered else queue_name,
            fifo=is_ordered or None,
            retention_period=RETENTION,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self.alarm = cloudwatch.Alarm(
            self,
            "Depth",
            alarm_name=f"{queue_name}-depth",
            alarm_description="Messages wait here that could not be processed. Mend the cause, then redrive them.",
            metric=self.queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1)),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.alarm.add_alarm_action(actions.SnsAction(alarms))


class ConsumerQueue(Construct):
    """`penstock-<stage>-<consumer>` and `penstock-<stage>-<consumer>-dead-letters`.

    With `ordered_delay`, seconds, both are FIFO queues, whose names end so.
    """

    def __init__(
        self,
        scope: Construct,
        consumer: str,
        *,
        timeout: int,
        settings: StageSettings,
        alarms: sns.ITopic,
        ordered_delay: int | None = None,
    ) -> None:
        super().__init__(scope, f"Queue-{consumer}")
        name = f"{settings.prefix}-{consumer}"
        is_ordered = ordered_delay is not None
        self.dead_letters = DeadLetterQueue(
            self, "DeadLetters", queue_name=f"{name}-dead-letters", alarms=alarms, is_ordered=is_ordered
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{name}{FIFO}" if is_ordered else name,
            fifo=is_ordered or None,
            delivery_delay=Duration.seconds(ordered_delay) if ordered_delay else None,
            visibility_timeout=Duration.seconds(timeout * settings.visibility_factor),
            retention_period=RETENTION,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters.queue, max_receive_count=settings.max_receives
            ),
        )
