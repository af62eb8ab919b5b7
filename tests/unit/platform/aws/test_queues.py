"""Messages reach their queue."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws.errors import NotFound
from penstock.aws.queues import Queues
from penstock.json import loads


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")


def queue(sqs: Any, name: str) -> str:
    return str(sqs.create_queue(QueueName=name)["QueueUrl"])


def bodies(sqs: Any, url: str) -> list[Any]:
    found: list[Any] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [loads(each["Body"]) for each in messages]
    return found


class Refusing:
    """An SQS that refuses some entries of a batch the first `times` times."""

    def __init__(self, client: Any, refused: set[str], times: int) -> None:
        self._client, self._refused, self._times = client, refused, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send_message_batch(self, **request: Any) -> Any:
        refused = [each for each in request["Entries"] if self._times > 0 and each["MessageBody"] in self._refused]
        request["Entries"] = [each for each in request["Entries"] if each not in refused]
        self._times -= 1
        if request["Entries"]:
            self._client.send_message_batch(**request)
        return {"Failed": [{"Id": each["Id"], "Code": "InternalError"} for each in refused]}


def test_more_messages_than_a_request_takes_all_arrive(sqs: Any) -> None:
    url = queue(sqs, "q")
    assert Queues(sqs).send_all(url, [{"n": n} for n in range(25)]) == frozenset()
    assert sorted(each["n"] for each in bodies(sqs, url)) == list(range(25))


def test_what_sqs_refuses_for_a_moment_is_sent_again(sqs: Any) -> None:
    url = queue(sqs, "q")
    assert Queues(Refusing(sqs, {"3", "12"}, times=2)).send_all(url, list(range(15))) == frozenset()
    assert sorted(bodies(sqs, url)) == list(range(15))


def test_what_sqs_keeps_refusing_is_named_by_its_place(sqs: Any) -> None:
    url = queue(sqs, "q")
    assert Queues(Refusing(sqs, {"3", "12"}, times=99)).send_all(url, list(range(15))) == {3, 12}
    assert sorted(bodies(sqs, url)) == [n for n in range(15) if n not in (3, 12)]


def test_a_fifo_queue_hands_a_group_over_in_order_and_twice_what_was_sent_twice(sqs: Any) -> None:
    url = str(sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"])
    queues = Queues(sqs)
    assert queues.send_ordered(url, [1, 2, 3], ["a", "a", "a"]) == frozenset()
    assert queues.send_ordered(url, [3], ["a"]) == frozenset()
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [loads(each["Body"]) for each in received] == [1, 2, 3, 3]


def test_a_queue_that_is_not_there_is_an_error_of_ours(sqs: Any) -> None:
    with pytest.raises(NotFound) as missing:
        Queues(sqs).send(queue(sqs, "q") + "-not", {})
    assert missing.value.operation == "SendMessage"
