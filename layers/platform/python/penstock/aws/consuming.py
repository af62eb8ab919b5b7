"""How a consumer's function takes messages from its queue: a poisoned one stops no other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws.lag_metric import LagMetric
from penstock.events.errors import InvalidStreamId
from penstock.events.model import StreamId
from penstock.events.nudges import Nudge

LOG = Logger()
SIDE_BY_SIDE = 8
"""Streams that are caught up at once: most of the time they wait for answers."""

_LARGEST_BATCH = 10
"""As many messages as SQS hands over together where it does not wait for more."""


def consume(event: dict[str, Any], _context: Any, catch_up: Callable[[StreamId], object]) -> dict[str, Any]:
    """Call `catch_up` once for each stream that an SQS event's nudges name, several streams at a time.

    Returns the partial batch response of those that failed. Where `catch_up` returns what it has `Applied`, the lag of
    that is published.
    """
    lag = LagMetric()
    nudged, unreadable = _nudged(event["Records"])

    def fails(stream: StreamId) -> bool:
        try:
            with logged("a stream could not be caught up", stream=str(stream)):
                applied = catch_up(stream)
        except Exception:  # noqa: BLE001 - logged; the queue hands the nudge over again
            return True
        if isinstance(applied, Mapping):
            lag.note(applied)
        return False

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        failed = [stream for stream, has_failed in zip(nudged, pool.map(fails, nudged), strict=True) if has_failed]
    lag.publish()
    messages = [*unreadable, *(message for stream in failed for message in nudged[stream])]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in messages]}


def _nudged(records: Sequence[Mapping[str, Any]]) -> tuple[Mapping[StreamId, Sequence[str]], Sequence[str]]:
    """The messages' ids by the stream that they name, and those of messages that are no nudges."""
    nudged: dict[StreamId, list[str]] = {}
    unreadable = []
    for record in records:
        try:
            with logged("a message is no nudge"):
                stream = Nudge.parse(record["body"]).stream
        except (ValueError, InvalidStreamId):
            unreadable.append(record["messageId"])
        else:
            nudged.setdefault(stream, []).append(record["messageId"])
    return nudged, unreadable


def each(event: dict[str, Any], context: Any, take: Callable[[SQSRecord], object]) -> dict[str, Any]:
    """Call `take` for each message of an SQS event; returns the partial batch response of those that failed."""
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response: Any = process_partial_response(event, take, processor, context)
    return dict(response)


def each_at_once(event: dict[str, Any], context: Any, take: Callable[[str], object]) -> dict[str, Any]:
    """As `each`, with the messages' bodies, and all of a batch at once: one that takes long keeps no other waiting.

    What `take` needs is made before: boto3 makes no client in two threads at once.
    """
    with ThreadPoolExecutor(_LARGEST_BATCH) as threads:
        taken = {record["messageId"]: threads.submit(take, record["body"]) for record in event["Records"]}
        return each(event, context, lambda record: taken[record.message_id].result())


@contextmanager
def logged(message: str, **about: Any) -> Iterator[None]:
    """Logs what is raised inside by type and place only: its text may quote what a log must not hold."""
    try:
        yield
    except Exception as error:
        for cause in _causes(error):
            LOG.error(message, **about, **_place(cause))
        raise


def _causes(error: Exception) -> tuple[Exception, ...]:
    return error.exceptions if isinstance(error, ExceptionGroup) else (error,)


def _place(error: Exception) -> dict[str, Any]:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    return {
        "error": type(error).__name__,
        "function": code.co_qualname if code else None,
        "line": trace.tb_lineno if trace else None,
    }
