"""What follows from an attempt, and what is signed how."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Event, StreamId
from penstock.json import loads
from penstock.routing.delivery import (
    DELAYS,
    LONGEST_RETRY_AFTER,
    Again,
    Delivery,
    Done,
    GiveUp,
    Outcome,
    next_step,
    payload,
)
from penstock.routing.posting import retry_after
from penstock.routing.sealing import new_secret
from penstock.routing.signing import header_id, signed

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = Delivery("w-1", StreamId("acme", "event", "e-1"), 1)


def again(delivery: Delivery, outcome: Outcome, jitter: float = 0.0) -> Again:
    step = next_step(delivery, outcome, lambda: jitter)
    assert isinstance(step, Again)
    return step


def test_the_schedule_is_walked_to_its_end() -> None:
    pauses, delivery = [], FIRST
    while isinstance(step := next_step(delivery, Outcome(1, status=500), lambda: 0.0), Again):
        pauses.append(step.pause)
        delivery = step.delivery
    assert pauses == [5, 60, 300, 1_800, 7_200, 18_000, 36_000]
    assert (delivery.attempt, step) == (len(DELAYS), GiveUp("HTTP 500 at attempt 8"))


def test_jitter_makes_a_pause_longer_by_a_fifth_at_most() -> None:
    assert again(FIRST, Outcome(1, status=500), 1.0).pause == pytest.approx(6)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    assert next_step(FIRST, Outcome(1, status=status), lambda: 0.0) == Done()


@pytest.mark.parametrize("status", [199, 301, 302, 400, 401, 404, 408, 429, 500, 503])
def test_everything_else_is_tried_again_redirects_too(status: int) -> None:
    assert again(FIRST, Outcome(1, status=status)).delivery.attempt == 2


def test_what_will_never_go_through_is_given_up_at_once() -> None:
    refused = Outcome(1, error="AddressRefused", is_final=True)
    assert next_step(FIRST, refused, lambda: 0.0) == GiveUp("AddressRefused at attempt 1")


@pytest.mark.parametrize(
    ("asked", "pause"), [(None, 5), (2.0, 5), (90.0, 90), (10.0 * LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER)]
)
def test_retry_after_is_honoured_where_it_is_longer_and_within_a_day(asked: float | None, pause: float) -> None:
    assert again(FIRST, Outcome(1, status=429, retry_after=asked)).pause == pause


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1" * 30, None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_time(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOON) == seconds


def test_a_message_names_the_event_and_holds_nothing_of_it() -> None:
    assert Delivery.parse(FIRST.to_json()) == FIRST
    assert FIRST.to_json() == {"delivery": {"webhook": "w-1", "stream": "acme#event#e-1", "version": 1, "attempt": 1}}
    assert (FIRST.target, FIRST.event) == (StreamId("acme", "webhook", "w-1"), "acme#event#e-1@1")


@pytest.mark.parametrize("attempt", [0, 9, "x"])
def test_an_attempt_that_there_cannot_be_is_refused(attempt: Any) -> None:
    body = FIRST.to_json()
    body["delivery"]["attempt"] = attempt
    with pytest.raises(ValueError):
        Delivery.parse(body)


def test_the_body_is_the_event_as_the_bus_carries_it(make_event: Callable[..., Event]) -> None:
    told = loads(payload(make_event()))
    assert (told["id"], told["type"], told["data"]) == ("acme#event#e-1@1", "lab.filed", {"ward": "3B"})
    assert told["timestamp"] == told["time"] == "2026-11-24T12:00:00.000Z"
    assert payload(make_event()) == payload(make_event())


def test_data_of_a_kind_that_is_not_published_does_not_leave(make_event: Callable[..., Event]) -> None:
    assert "data" not in loads(payload(make_event(kind="message")))


def verified(secret: str, headers: Any, body: bytes) -> bool:
    """As a receiver does it, by the standard and not by our code."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, each) for each in headers["webhook-signature"].split(" "))


def test_a_signature_is_verified_by_whoever_has_the_secret() -> None:
    secret, body = new_secret(), b'{"type":"lab.filed"}'
    headers = signed("acme#event#e-1@1", NOON, body, [secret])
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("acme#event#e-1@1", "1795521600")
    assert verified(secret, headers, body)


def test_the_known_answer_of_the_standard_webhooks_libraries() -> None:
    """The example that the reference libraries test themselves by."""
    headers = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_tampered_with_is_not_verified() -> None:
    secret, body = new_secret(), b'{"amount":1}'
    headers = signed("e", NOON, body, [secret])
    assert not verified(secret, headers, b'{"amount":9}')
    assert not verified(secret, {**headers, "webhook-timestamp": "1795521601"}, body)
    assert not verified(secret, {**headers, "webhook-id": "f"}, body)
    assert not verified(new_secret(), headers, body)


def test_every_secret_that_holds_signs() -> None:
    old, new = new_secret(), new_secret()
    headers = signed("e", NOON, b"{}", [new, old])
    assert verified(old, headers, b"{}")
    assert verified(new, headers, b"{}")
    assert len(headers["webhook-signature"].split(" ")) == 2


@pytest.mark.parametrize(
    ("event", "header"), [("acme#event#a.b@1", "acme#event#a%2Eb@1"), ("acme#x#ö@1", "acme#x#%C3%B6@1")]
)
def test_an_id_in_the_header_has_no_dot_and_only_ascii(event: str, header: str) -> None:
    assert header_id(event) == header


def test_secrets_are_32_random_bytes() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32
