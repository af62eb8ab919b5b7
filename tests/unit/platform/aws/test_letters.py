"""Dead letters in SQS: looked through and put back, sent and deleted so that none is lost."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws import letters as adapter
from penstock.aws.errors import Unavailable
from penstock.aws.letters import Pair, SqsDeadLetters
from penstock.events import Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock.json import dumps
from penstock.letters.errors import UnknownConsumer
from penstock.letters.service import Letters

BY = Origin("key:k-1", "c-1")


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(adapter, "_WAIT", 0)
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def pair(sqs: Any) -> Pair:
    return Pair(*(sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("engine", "engine-dead-letters")))


def put(sqs: Any, pair: Pair, tenant: str, count: int = 1) -> list[str]:
    """Letters of the tenant; returns their ids."""
    bodies = [dumps({"stream": f"{tenant}#execution#e-{n}", "commit": n}).decode() for n in range(count)]
    return [sqs.send_message(QueueUrl=pair.dead_letters, MessageBody=body)["MessageId"] for body in bodies]


def visible(sqs: Any, url: str) -> int:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])


def letters(sqs: Any, pair: Pair, store: MemoryEventStore | None = None) -> Letters:
    return Letters(store or MemoryEventStore(), SqsDeadLetters(sqs, {"engine": pair}))


def recorded(store: MemoryEventStore, letter: str) -> list[str]:
    return [e.type for c in store.commits(StreamId("acme", "dead_letter", letter)) for e in c.events]


class Failing:
    """An SQS that fails one operation."""

    def __init__(self, client: Any, operation: str) -> None:
        self._client, self._operation = client, operation

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            return self._fail
        return getattr(self._client, name)

    @staticmethod
    def _fail(**_: Any) -> Any:
        raise Unavailable("test", "down")


def test_a_scan_meets_every_letter_once_and_puts_all_back(sqs: Any, pair: Pair) -> None:
    put(sqs, pair, "acme", 23)
    with SqsDeadLetters(sqs, {"engine": pair}).scan("engine") as scan:
        found = [letter.id for letter in scan]
        assert visible(sqs, pair.dead_letters) == 0
    assert (len(found), len(set(found)), scan.is_complete) == (23, 23, True)
    assert visible(sqs, pair.dead_letters) == 23


def test_a_scan_that_is_broken_off_puts_back_what_it_met(sqs: Any, pair: Pair) -> None:
    put(sqs, pair, "acme", 23)
    queues = SqsDeadLetters(sqs, {"engine": pair})

    def break_off() -> None:
        with queues.scan("engine") as scan:
            next(iter(scan))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert visible(sqs, pair.dead_letters) == 23


@pytest.mark.parametrize("bound", [{"MOST_LETTERS": 10}, {"LONGEST_SCAN": 0.0}], ids=str)
def test_a_scan_that_a_bound_stops_says_so(
    sqs: Any, pair: Pair, monkeypatch: pytest.MonkeyPatch, bound: dict[str, Any]
) -> None:
    for name, value in bound.items():
        monkeypatch.setattr(adapter, name, value)
    put(sqs, pair, "acme", 23)
    found = letters(sqs, pair).browse("acme", "engine", 100)
    assert (len(found.letters) < 23, found.is_complete) == (True, False)


def test_others_letters_are_put_back_untouched(sqs: Any, pair: Pair) -> None:
    put(sqs, pair, "other", 12)
    mine = put(sqs, pair, "acme", 2)
    service = letters(sqs, pair)
    assert sorted(letter.id for letter in service.browse("acme", "engine", 100).letters) == sorted(mine)
    assert service.redrive_all("acme", "engine", "mended", BY).count == 2
    assert (visible(sqs, pair.queue), visible(sqs, pair.dead_letters)) == (2, 12)


def test_a_letter_that_cannot_be_sent_stays_where_it_was(sqs: Any, pair: Pair) -> None:
    (letter,) = put(sqs, pair, "acme")
    with pytest.raises(Unavailable):
        letters(Failing(sqs, "send_message"), pair).redrive("acme", "engine", letter, "mended", BY)
    assert (visible(sqs, pair.queue), visible(sqs, pair.dead_letters)) == (0, 1)
    letters(sqs, pair).redrive("acme", "engine", letter, "mended", BY)
    assert (visible(sqs, pair.queue), visible(sqs, pair.dead_letters)) == (1, 0)


def test_a_crash_between_sending_and_deleting_doubles_the_letter_and_loses_none(sqs: Any, pair: Pair) -> None:
    (letter,) = put(sqs, pair, "acme")
    with pytest.raises(Unavailable):
        letters(Failing(sqs, "delete_message"), pair).redrive("acme", "engine", letter, "mended", BY)
    assert (visible(sqs, pair.queue), visible(sqs, pair.dead_letters)) == (1, 1)


def test_nothing_is_done_that_cannot_be_put_on_record(sqs: Any, pair: Pair) -> None:
    class Full(MemoryEventStore):
        def append(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("append", "down")

    (letter,) = put(sqs, pair, "acme")
    service = letters(sqs, pair, Full())
    for act in (
        lambda: service.redrive("acme", "engine", letter, "mended", BY),
        lambda: service.redrive_all("acme", "engine", "mended", BY),
        lambda: service.edit("acme", "engine", letter, {"stream": "acme#execution#e-2"}, "mended", BY),
        lambda: service.discard("acme", "engine", letter, "of no use", BY),
    ):
        with pytest.raises(Unavailable):
            act()
        assert (visible(sqs, pair.queue), visible(sqs, pair.dead_letters)) == (0, 1)


def test_what_cannot_be_put_back_does_not_hide_what_was_done(sqs: Any, pair: Pair) -> None:
    store = MemoryEventStore()
    put(sqs, pair, "other", 3)
    (letter,) = put(sqs, pair, "acme")
    service = letters(Failing(sqs, "change_message_visibility_batch"), pair, store)
    service.redrive("acme", "engine", letter, "mended", BY)
    assert (recorded(store, letter), visible(sqs, pair.queue)) == (["DeadLetterRedriven"], 1)


def test_a_consumer_that_is_not_there_is_named(sqs: Any, pair: Pair) -> None:
    with pytest.raises(UnknownConsumer) as unknown:
        letters(sqs, pair).browse("acme", "engines", 10)
    assert unknown.value.consumer == "engines"
