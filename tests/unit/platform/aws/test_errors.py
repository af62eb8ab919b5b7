"""What botocore raises becomes ours, by code."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from penstock.aws.errors import AwsError, ConditionFailed, NotFound, Refused, Unavailable, translated
from penstock.events import EventStoreError, StoreUnavailable


def answer(code: str, status: int = 400) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": "Doe, John"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "Item": {"pk": {"S": "x"}},
    }
    return ClientError(response, "PutItem")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (answer("ThrottlingException"), Unavailable),
        (answer("ProvisionedThroughputExceededException"), Unavailable),
        (answer("SomethingNew", 503), Unavailable),
        (answer("ResourceNotFoundException"), NotFound),
        (answer("NoSuchKey", 404), NotFound),
        (answer("AccessDeniedException"), Refused),
        (answer("ValidationException"), Refused),
        (answer("ConditionalCheckFailedException"), ConditionFailed),
        (ConnectTimeoutError(endpoint_url="http://x"), Unavailable),
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable),
    ],
)
def test_an_answer_becomes_the_error_that_tells_what_to_do(error: Exception, ours: type[AwsError]) -> None:
    with pytest.raises(AwsError) as raised, translated():
        raise error
    assert type(raised.value) is ours
    assert isinstance(raised.value, EventStoreError)
    assert isinstance(raised.value, StoreUnavailable) is (ours is Unavailable)
    assert "Doe" not in str(raised.value)


def test_a_failed_condition_carries_what_stands_there() -> None:
    with pytest.raises(ConditionFailed) as raised, translated():
        raise answer("ConditionalCheckFailedException")
    assert raised.value.item == {"pk": {"S": "x"}}


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("x")
