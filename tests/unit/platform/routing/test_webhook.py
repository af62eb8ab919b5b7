"""Webhooks as an aggregate, and what users do with them."""

from datetime import timedelta

import pytest

from penstock.events import StreamId
from penstock.http.guard import Guard
from penstock.routing.errors import BrokenSeal, InvalidWebhook, TooManyWebhooks, UnknownWebhook
from penstock.routing.service import MOST_WEBHOOKS, Webhooks
from penstock.routing.webhook import AGGREGATE, Change, Create, Delete, Disable, Enable, Status, Target, Webhook, decide
from penstock.workflows.triggers import event_item
from tests.unit.platform.routing.world import BY, World

TARGET = Target("https://a.example/hook", "tells A", {"kind": ["event"]})


def types(world: World, webhook: str) -> list[str]:
    commits = world.store.commits(AGGREGATE.stream("acme", webhook))
    return [event.type for commit in commits for event in commit.events]


def test_a_webhook_lives_by_its_commands_and_every_one_is_an_event(world: World) -> None:
    webhook, secret = world.create()
    name = webhook.id.key
    assert (webhook.status, secret[:6]) == (Status.ENABLED, "whsec_")
    world.webhooks.change("acme", name, TARGET, BY)
    world.webhooks.disable("acme", name, "too loud", BY)
    assert world.webhooks.read("acme", name).reason == "too loud"
    world.webhooks.enable("acme", name, BY)
    world.webhooks.rotate_secret("acme", name, BY)
    assert world.webhooks.read("acme", name).target == TARGET
    world.webhooks.delete("acme", name, BY)
    kinds = ["Created", "Changed", "Disabled", "Enabled", "SecretRotated", "Deleted"]
    assert types(world, name) == [f"Webhook{kind}" for kind in kinds]


def test_what_changes_nothing_is_no_event() -> None:
    stream = StreamId("acme", "webhook", "w-1")
    webhook = Webhook(stream, Status.ENABLED, TARGET)
    assert decide(webhook, Change(TARGET)) == decide(webhook, Enable()) == []
    assert decide(Webhook(stream, Status.DISABLED, TARGET), Disable("again")) == []


@pytest.mark.parametrize(
    "command", [Change(TARGET), Enable(), Disable("x"), Delete()], ids=lambda it: type(it).__name__
)
@pytest.mark.parametrize("status", [Status.NEW, Status.DELETED])
def test_what_is_not_there_cannot_be_changed(command: object, status: Status) -> None:
    webhook = Webhook(StreamId("acme", "webhook", "w-1"), status)
    with pytest.raises(UnknownWebhook):
        decide(webhook, command)  # type: ignore[arg-type]
    assert decide(webhook, Create(TARGET, "sealed"))


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World) -> None:
    webhook, old = world.create()
    changed, new = world.webhooks.rotate_secret("acme", webhook.id.key, BY)
    assert list(world.webhooks.secrets(changed, world.now)) == [new, old]
    assert list(world.webhooks.secrets(changed, world.now + timedelta(hours=23, minutes=59))) == [new, old]
    assert list(world.webhooks.secrets(changed, world.now + timedelta(hours=24))) == [new]


def test_rotating_again_does_not_lengthen_the_oldest_ones_day(world: World) -> None:
    webhook, first = world.create()
    name, begun = webhook.id.key, world.now
    _, second = world.webhooks.rotate_secret("acme", name, BY)
    world.now = begun + timedelta(hours=20)
    changed, third = world.webhooks.rotate_secret("acme", name, BY)
    assert list(world.webhooks.secrets(changed, begun + timedelta(hours=23))) == [third, second, first]
    assert list(world.webhooks.secrets(changed, begun + timedelta(hours=25))) == [third, second]
    for _ in range(5):
        changed, _ = world.webhooks.rotate_secret("acme", name, BY)
    assert len(changed.secrets) == 3


def test_a_sealed_secret_opens_for_its_own_webhook_only(world: World) -> None:
    (one, _), (other, _) = world.create(), world.create()
    stolen = Webhook(other.id, secrets=one.secrets)
    with pytest.raises(BrokenSeal):
        world.webhooks.secrets(stolen, world.now)


def test_no_secret_is_in_the_store_or_the_views(world: World) -> None:
    webhook, secret = world.create()
    _, other = world.webhooks.rotate_secret("acme", webhook.id.key, BY)
    world.catch_up()
    stored = [event.data for commit in world.store.commits(webhook.id) for event in commit.events]
    view = world.views.get("acme", "webhooks", webhook.id.key)
    assert view
    assert secret.removeprefix("whsec_") not in str([stored, view.document])
    assert other.removeprefix("whsec_") not in str([stored, view.document])
    assert "sealed" not in view.document


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://a.example", "https"),
        ("ftp://a.example", "https"),
        ("https://", "a host"),
        ("/hook", "a host"),
        ("https://[::1", "not a URL"),
        ("https://a.example:99999/", "not a URL"),
        ("https://user:pw@a.example/", "no user"),
        ("https://a.example/#part", "no fragment"),
        ("https://a.example/a b", "a space"),
        ("https://ä.example/", "ASCII"),
        ("https://10.0.0.5/hook", "not public"),
        ("https://169.254.169.254/latest", "not public"),
        ("https://[::1]/hook", "not public"),
        ("https://0x7f.1/", "four decimal numbers"),
    ],
)
def test_a_url_that_must_not_be_sent_to_is_refused(world: World, url: str, reason: str) -> None:
    with pytest.raises(InvalidWebhook) as caught:
        world.webhooks.create("acme", Target(url, "", {"kind": ["event"]}), BY)
    assert {problem.path for problem in caught.value.problems} == {"url"}
    assert reason in str(caught.value)


def test_a_url_and_a_pattern_are_told_off_together(world: World) -> None:
    with pytest.raises(InvalidWebhook) as caught:
        world.webhooks.create("acme", Target("http://a.example", "", {"tpye": ["x"]}), BY)
    assert [problem.path for problem in caught.value.problems] == ["url", "pattern.tpye"]


def test_a_host_that_the_operator_allows_may_be_private_and_without_tls(world: World) -> None:
    allowing = Webhooks(world.store, world.views, world.webhooks.seal, Guard(frozenset({"10.0.0.5:8080"})))
    allowing.create("acme", Target("http://10.0.0.5:8080/hook", "", {"kind": ["event"]}), BY)
    with pytest.raises(InvalidWebhook):
        allowing.create("acme", Target("http://10.0.0.5:8081/hook", "", {"kind": ["event"]}), BY)


def test_a_tenant_has_so_many_webhooks_and_no_more(world: World) -> None:
    for _ in range(MOST_WEBHOOKS):
        world.webhooks.create("acme", TARGET, BY)
    world.catch_up()
    with pytest.raises(TooManyWebhooks):
        world.webhooks.create("acme", TARGET, BY)
    world.webhooks.create("other", TARGET, BY)


def test_a_webhook_of_another_tenant_is_not_there(world: World) -> None:
    webhook, _ = world.create()
    with pytest.raises(UnknownWebhook):
        world.webhooks.read("other", webhook.id.key)


def test_a_workflow_that_hears_of_a_webhook_is_not_handed_its_sealed_secret(world: World) -> None:
    webhook, _ = world.create()
    (event,) = [event for commit in world.store.commits(webhook.id) for event in commit.events]
    item = event_item(event)
    assert (item["data"]["url"], item["data"]["sealed"]) == ("https://a.example", None)
    assert event.data["sealed"]
