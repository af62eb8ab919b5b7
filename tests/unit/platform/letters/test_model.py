"""Whose a dead letter is, and what may take its place."""

import json
from typing import Any

import pytest

from penstock.events import StreamId
from penstock.letters.errors import InvalidLetter
from penstock.letters.model import Letter, address, checked

NUDGE = {"stream": "acme#execution#e-1", "commit": 7}
HEARD = {"source": "penstock", "detail": {"stream": "acme#event#x", "version": 2}}
DELIVERY = {"delivery": {"webhook": "w-1", "stream": "acme#event#x", "version": 1}, "given_up": "HTTP 500"}
FIRED = {"schedule": {"tenant": "acme", "workflow": "w-1", "node": "daily", "time": "2026-11-24T10:00:00Z"}}


def letter(body: Any) -> Letter:
    return Letter("engine", "m-1", json.dumps(body), "receipt")


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        (NUDGE, "acme#execution#e-1"),
        (HEARD, "acme#event#x"),
        (FIRED, "acme#workflow#w-1"),
        (DELIVERY, "acme#event#x"),
    ],
    ids=["nudge", "event", "schedule", "delivery"],
)
def test_a_letter_belongs_to_the_tenant_of_the_stream_that_it_names(body: Any, stream: str) -> None:
    assert address(json.dumps(body)) == StreamId.parse(stream)
    assert json.loads(checked(body, letter(body))) == body


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "7", "null", "{}", '{"stream": 7}', '{"stream": "a#b"}', '{"detail": []}', '{"schedule": {}}'],
)
def test_a_letter_that_names_no_stream_is_nobodys(body: str) -> None:
    assert address(body) is None


def test_a_letter_that_can_be_read_in_two_ways_is_nobodys() -> None:
    assert address(json.dumps({**NUDGE, "detail": {"stream": "other#event#x", "version": 1}})) is None


@pytest.mark.parametrize(
    ("was", "body", "path"),
    [
        (NUDGE, {**NUDGE, "stream": "other#execution#e-1"}, "body.stream"),
        (NUDGE, {**NUDGE, "commit": "seven"}, "body.stream"),
        (DELIVERY, {"delivery": {**DELIVERY["delivery"], "webhook": 7}}, "body.delivery"),
        (NUDGE, {**NUDGE, "commit": -1}, "body.stream"),
        (NUDGE, {"stream": "acme execution"}, "body.stream"),
        (NUDGE, {}, "body"),
        (NUDGE, HEARD, "body"),
        (NUDGE, {**NUDGE, "detail": {"stream": "other#event#x", "version": 1}}, "body"),
        (NUDGE, {**NUDGE, "more": "x" * 300_000}, "body"),
        (HEARD, {"detail": {"stream": "acme#event#x"}}, "body.detail"),
        (HEARD, {"detail": {"stream": "other#event#x", "version": 2}}, "body.detail"),
        (FIRED, {"schedule": {**FIRED["schedule"], "tenant": "other"}}, "body.schedule"),
        (FIRED, {"schedule": {"tenant": "acme", "workflow": "w-1"}}, "body.schedule"),
    ],
)
def test_a_body_that_its_consumer_cannot_read_or_that_wakes_another_tenant_is_refused(
    was: Any, body: Any, path: str
) -> None:
    with pytest.raises(InvalidLetter) as refused:
        checked(body, letter(was))
    assert refused.value.path == path
