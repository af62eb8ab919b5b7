"""What AWS answers when it does not do what was asked; translated here, by code, and nowhere else.

AwsError
├── Unavailable       (a StoreUnavailable) throttled, timed out or down: repeat later
├── ConditionFailed   a conditional write was refused; carries the item that stands there
├── NotFound          the object, table, queue or bus is not there
└── Refused           permission, parameters or state: repeating does not help, an operator must look
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.events.errors import EventStoreError, StoreUnavailable

_UNAVAILABLE = frozenset(
    {
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
_NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchKey",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)


_RIVALRY = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})
"""Why a transaction is cancelled when another writer was first; the parts that were not are told as None."""


class AwsError(EventStoreError):
    """Root of the tree. `operation` is the API's, `code` the answer's."""

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation, self.code = operation, code


class Unavailable(AwsError, StoreUnavailable):
    """AWS throttled, timed out or failed; the client's own retries are used up."""


class NotFound(AwsError):
    """What the request names does not exist."""


class Refused(AwsError):
    """AWS will refuse the same request again."""


class ConditionFailed(AwsError):
    """The condition of a write did not hold. `item` is what stands there, empty when nothing does or nobody knows."""

    def __init__(self, operation: str, item: Mapping[str, Any]) -> None:
        super().__init__(operation, "ConditionalCheckFailedException")
        self.item = item


@contextmanager
def translated() -> Iterator[None]:
    """Raises AwsError for what botocore raises inside."""
    try:
        yield
    except ClientError as error:
        raise _translate(error) from error
    except BotoCoreError as error:  # connections, time-outs, missing credentials: nothing was answered
        raise Unavailable("connect", type(error).__name__) from error


def _translate(error: ClientError) -> AwsError:
    operation = error.operation_name
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        item: Any = error.response.get("Item", {})
        return ConditionFailed(operation, item)
    if code == "TransactionCanceledException":
        return _cancelled(operation, error.response)
    if code in _NOT_FOUND:
        return NotFound(operation, code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _UNAVAILABLE or status >= 500:
        return Unavailable(operation, code)
    return Refused(operation, code)


def _cancelled(operation: str, response: Any) -> AwsError:
    """Why a transaction was cancelled: by a rival, by throttling, or because it never can be."""
    codes = {reason.get("Code", "None") for reason in response.get("CancellationReasons", ())}
    if codes <= _RIVALRY:
        return ConditionFailed(operation, {})
    if codes & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Unavailable(operation, "TransactionCanceledException")
    return Refused(operation, ", ".join(sorted(codes - _RIVALRY)))
