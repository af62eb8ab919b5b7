"""Deliveries in memory: attempted, tried again, held back by a breaker, given up; and no neighbour the worse for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from penstock.events import StreamGap, StreamId
from penstock.json import loads
from penstock.routing.circuit import FAILURES_TO_OPEN, State
from penstock.routing.delivery import Delivery, Outcome
from penstock.routing.dispatch import ACTOR
from penstock.routing.patterns import FIELDS
from penstock.routing.webhook import AGGREGATE, Status
from tests.unit.platform.routing.test_delivery import verified
from tests.unit.platform.routing.world import BROKEN, BY, FINE, World

A, B = "https://a.example", "https://b.example"


def deliver(world: World, event: dict[str, Any]) -> None:
    for delivery in world.route(event):
        world.dispatch.deliver(delivery)


def urls(world: World) -> list[str]:
    return [sent.url for sent in world.sent]


def test_an_event_goes_to_the_webhooks_that_want_it(world: World) -> None:
    world.create(A, {"type": [{"prefix": "lab."}]})
    world.create(B, {"data": {"ward": ["3B"]}})
    world.create("https://c.example", {"type": ["adt"]})
    deliver(world, world.happen(ward="4A"))
    assert urls(world) == [A]
    deliver(world, world.happen("e-2", ward="3B"))
    assert sorted(urls(world)[1:]) == [A, B]


def test_a_pattern_may_ask_for_whatever_the_bus_carries(world: World) -> None:
    assert set(world.happen(ward="3B")) == set(FIELDS)


def test_another_tenants_event_goes_nowhere(world: World) -> None:
    world.create(A)
    assert world.route(world.happen(tenant="other")) == []


def test_disabled_and_deleted_webhooks_want_nothing(world: World) -> None:
    (one, _), (other, _) = world.create(A), world.create(B)
    world.webhooks.disable("acme", one.id.key, "loud", BY)
    world.webhooks.delete("acme", other.id.key, BY)
    world.catch_up()
    assert world.route(world.happen()) == []


def test_what_is_sent_is_the_event_signed_by_every_secret_that_holds(world: World) -> None:
    webhook, old = world.create(A)
    _, new = world.webhooks.rotate_secret("acme", webhook.id.key, BY)
    deliver(world, world.happen(ward="3B"))
    (sent,) = world.sent
    told = loads(sent.body)
    assert (told["id"], told["data"]) == (sent.headers["webhook-id"], {"ward": "3B"})
    assert verified(old, sent.headers, sent.body)
    assert verified(new, sent.headers, sent.body)


def test_a_failure_is_tried_again_with_the_same_id_and_body_until_it_goes_through(world: World) -> None:
    world.create(A)
    world.answers[A] = BROKEN
    deliver(world, world.happen())
    world.run(timedelta(seconds=30))
    world.answers[A] = FINE
    world.run()
    first, *rest = world.sent
    assert {(sent.headers["webhook-id"], sent.body) for sent in rest} == {(first.headers["webhook-id"], first.body)}
    assert (world.outbox.waiting, world.outbox.dead) == ([], [])


def test_after_the_last_attempt_it_is_given_up_and_begins_anew_when_it_is_sent_again(world: World) -> None:
    webhook, _ = world.create(A)
    world.answers[A] = BROKEN
    deliver(world, world.happen())
    world.run(timedelta(days=2))
    ((dead, reason),) = world.outbox.dead
    assert (dead.attempt, reason) == (8, "HTTP 500 at attempt 8")
    assert [attempt.number for attempt in world.attempts.last(webhook.id, 100)] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_an_endpoint_that_asks_for_time_gets_it(world: World) -> None:
    world.create(A)
    world.answers[A] = Outcome(1, status=503, retry_after=900.0)
    deliver(world, world.happen())
    ((_, pause),) = world.outbox.waiting
    assert pause == 900


def test_an_open_circuit_sends_nothing_there_and_everything_elsewhere(world: World) -> None:
    world.create(A)
    world.create(B)
    world.answers[A] = BROKEN
    for number in range(20):
        deliver(world, world.happen(f"e-{number}"))
    assert urls(world).count(A) == FAILURES_TO_OPEN
    assert urls(world).count(B) == 20
    held = [delivery for delivery, _ in world.outbox.waiting if delivery.attempt == 1]
    assert len(held) == 20 - FAILURES_TO_OPEN, "waiting for the circuit is no attempt"


def test_an_endpoint_that_comes_back_gets_all_that_waited(world: World) -> None:
    world.create(A)
    world.answers[A] = BROKEN
    for number in range(20):
        deliver(world, world.happen(f"e-{number}"))
    world.run(timedelta(minutes=10))
    probes = urls(world).count(A)
    assert probes < 20, "while it is down it is probed and not flooded"
    world.answers[A] = FINE
    for number in range(20):
        world.dispatch.deliver(Delivery("id-001", StreamId("acme", "event", f"e-{number}"), 1))
    world.run()
    delivered = {sent.headers["webhook-id"] for sent in world.sent[probes:]}
    assert delivered == {f"acme#event#e-{number}@1" for number in range(20)}


def test_half_open_one_probe_goes_and_the_others_wait(world: World) -> None:
    webhook, _ = world.create(A)
    world.answers[A] = BROKEN
    for number in range(FAILURES_TO_OPEN):
        deliver(world, world.happen(f"e-{number}"))
    world.now += timedelta(seconds=31)
    before = len(world.sent)
    circuit = world.circuits.load(webhook.id)
    assert circuit
    assert circuit.state is State.OPEN

    def probe_again(*_: Any) -> Outcome:
        """While the probe is under way another delivery comes."""
        deliver(world, world.happen("e-late"))
        return FINE

    world.answers[A] = FINE
    answer, posts = world.post, []

    def post(url: str, headers: Any, body: bytes) -> Outcome:
        posts.append(url)
        return probe_again() if len(posts) == 1 else answer(url, headers, body)

    world.dispatch = replace(world.dispatch, sender=replace(world.sender, post=post))
    deliver(world, world.happen("e-probe"))
    assert (len(posts), len(world.sent)) == (1, before)
    circuit = world.circuits.load(webhook.id)
    assert circuit
    assert circuit.state is State.CLOSED


def test_an_endpoint_that_is_gone_is_disabled_and_its_delivery_kept(world: World) -> None:
    webhook, _ = world.create(A)
    world.answers[A] = Outcome(1, status=410)
    deliver(world, world.happen())
    state = world.webhooks.read("acme", webhook.id.key)
    assert (state.status, state.reason) == (Status.DISABLED, "the endpoint answered 410 Gone")
    ((_, reason),) = world.outbox.dead
    assert reason == state.reason


def test_days_of_failing_disable_a_webhook_with_an_event_that_says_so(world: World) -> None:
    webhook, _ = world.create(A)
    world.answers[A] = BROKEN
    for day in range(6):
        deliver(world, world.happen(f"e-{day}"))
        world.run(timedelta(days=1))
        world.now += timedelta(days=1)
    state = world.webhooks.read("acme", webhook.id.key)
    assert state.status is Status.DISABLED
    assert state.reason
    assert state.reason.startswith("the endpoint has failed since 2026-11-24T12:00")
    last = [event for commit in world.store.commits(webhook.id) for event in commit.events][-1]
    assert (last.type, last.origin.actor) == ("WebhookDisabled", ACTOR)
    assert last.origin.causation
    assert last.origin.causation.startswith("acme#event#")


def test_enabling_begins_afresh(world: World) -> None:
    webhook, _ = world.create(A)
    world.answers[A] = BROKEN
    for number in range(FAILURES_TO_OPEN):
        deliver(world, world.happen(f"e-{number}"))
    world.webhooks.disable("acme", webhook.id.key, "down", BY)
    world.webhooks.enable("acme", webhook.id.key, BY)
    deliver(world, world.happen("e-late"))
    assert len(world.sent) == FAILURES_TO_OPEN + 1, "the open circuit is of the time before"


def test_a_delivery_to_a_disabled_webhook_waits_for_a_person_and_one_to_a_deleted_ends(world: World) -> None:
    (one, _), (other, _) = world.create(A), world.create(B)
    deliveries = world.route(world.happen())
    world.webhooks.disable("acme", one.id.key, "loud", BY)
    world.webhooks.delete("acme", other.id.key, BY)
    for delivery in deliveries:
        world.dispatch.deliver(delivery)
    assert world.sent == []
    assert [(delivery.webhook, reason) for delivery, reason in world.outbox.dead] == [
        (one.id.key, "the webhook is disabled")
    ]


def test_an_event_that_cannot_be_read_yet_is_the_queues_matter(world: World) -> None:
    webhook, _ = world.create(A)
    with pytest.raises(StreamGap):
        world.dispatch.deliver(Delivery(webhook.id.key, StreamId("acme", "event", "e-9"), 1))
    assert world.outbox.waiting == []


def test_a_delivery_cannot_reach_into_another_tenant(world: World) -> None:
    webhook, _ = world.create(A)
    world.happen(tenant="other")
    world.dispatch.deliver(Delivery(webhook.id.key, StreamId("other", "event", "e-1"), 1))
    assert world.sent == []


def test_a_test_is_signed_remembered_and_counts_for_nothing(world: World) -> None:
    webhook, secret = world.create(A)
    world.answers[A] = BROKEN
    for _ in range(FAILURES_TO_OPEN + 1):
        attempt = world.sender.test(webhook)
    assert (attempt.number, attempt.type, attempt.outcome.status) == (0, "webhook.test", 500)
    assert verified(secret, world.sent[0].headers, world.sent[0].body)
    assert world.circuits.load(webhook.id) is None
    assert len(world.attempts.last(webhook.id, 100)) == FAILURES_TO_OPEN + 1
    assert world.outbox.waiting == []


def test_another_url_begins_afresh_and_another_description_does_not(world: World) -> None:
    webhook, _ = world.create(A)
    same = world.webhooks.change("acme", webhook.id.key, replace(webhook.target, description="x"), BY)
    other = world.webhooks.change("acme", webhook.id.key, replace(webhook.target, url=B), BY)
    assert (same.epoch, other.epoch) == (webhook.epoch, 3)
    assert AGGREGATE.stream("acme", webhook.id.key) == webhook.id
