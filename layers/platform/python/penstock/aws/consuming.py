"""How a consumer's function takes messages from its queue: each alone, so that a poisoned one stops no other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.events.model import StreamId
from penstock.events.nudges import Nudge

LOG = Logger()


def consume(event: dict[str, Any], context: Any, catch_up: Callable[[StreamId], object]) -> dict[str, Any]:
    """Call `catch_up` for each nudge of an SQS event; returns the partial batch response of those that failed."""

    def take(record: SQSRecord) -> None:
        nudge = Nudge.parse(record.body)
        with logged("a stream could not be caught up", stream=str(nudge.stream)):
            catch_up(nudge.stream)

    return each(event, context, take)


def each(event: dict[str, Any], context: Any, take: Callable[[SQSRecord], object]) -> dict[str, Any]:
    """Call `take` for each message of an SQS event; returns the partial batch response of those that failed."""
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response: Any = process_partial_response(event, take, processor, context)
    return dict(response)


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
