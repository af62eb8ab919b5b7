"""A function finds its surroundings, or says what it misses."""

import pytest

from penstock.aws.settings import MissingSetting, Settings
from penstock.events.nudges import Consumer

NAMES = {
    "stage": "PENSTOCK_STAGE",
    "events_table": "PENSTOCK_EVENTS_TABLE",
    "keys_table": "PENSTOCK_KEYS_TABLE",
    "key_of_keys": "PENSTOCK_KEY_OF_KEYS",
    "views_table": "PENSTOCK_VIEWS_TABLE",
    "payloads_bucket": "PENSTOCK_PAYLOADS_BUCKET",
    "archive_bucket": "PENSTOCK_ARCHIVE_BUCKET",
    "bus": "PENSTOCK_BUS",
    "queues": "PENSTOCK_QUEUES",
    "queue_arns": "PENSTOCK_QUEUE_ARNS",
    "schedule_group": "PENSTOCK_SCHEDULE_GROUP",
    "schedule_role_arn": "PENSTOCK_SCHEDULE_ROLE_ARN",
    "consumers": "PENSTOCK_CONSUMERS",
    "dead_letters": "PENSTOCK_DEAD_LETTERS",
}


@pytest.mark.parametrize(("attribute", "variable"), NAMES.items())
def test_a_setting_that_is_missing_or_empty_is_named(attribute: str, variable: str) -> None:
    for environment in ({}, {variable: ""}):
        with pytest.raises(MissingSetting, match=variable):
            getattr(Settings(environment), attribute)


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_names_that_are_no_json_object_are_refused(text: str) -> None:
    with pytest.raises(MissingSetting, match=r"PENSTOCK_QUEUES .*JSON"):
        _ = Settings({"PENSTOCK_QUEUES": text}).queues


def test_consumers_are_read_with_their_kinds_and_delays() -> None:
    text = (
        '{"like": "http://sqs/1/penstock-dev-any", "consumers": {'
        '"p": {"kinds": ["order"], "delay": 5, "ordered": false},'
        ' "b": {"kinds": ["*"], "delay": 0, "ordered": true}}}'
    )
    expected = (
        Consumer("p", "http://sqs/1/penstock-dev-p", frozenset({"order"}), 5),
        Consumer("b", "http://sqs/1/penstock-dev-b.fifo", frozenset({"*"}), 0, is_ordered=True),
    )
    assert Settings({"PENSTOCK_CONSUMERS": text, "PENSTOCK_STAGE": "dev"}).consumers == expected


def test_dead_letters_wait_beside_the_queue_of_each_consumer() -> None:
    text = '{"like": "http://sqs/1/penstock-dev-any", "consumers": {"p": false, "b": true}}'
    assert Settings({"PENSTOCK_DEAD_LETTERS": text, "PENSTOCK_STAGE": "dev"}).dead_letters == {
        "p": {"queue": "http://sqs/1/penstock-dev-p", "dead_letters": "http://sqs/1/penstock-dev-p-dead-letters"},
        "b": {
            "queue": "http://sqs/1/penstock-dev-b.fifo",
            "dead_letters": "http://sqs/1/penstock-dev-b-dead-letters.fifo",
        },
    }


def test_names_are_read_by_name() -> None:
    assert Settings({"PENSTOCK_QUEUES": '{"engine": "http://q"}'}).queues == {"engine": "http://q"}
