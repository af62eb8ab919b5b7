"""The one place where ports meet adapters: what functions are made of, each part made once a process.

What only some functions are made of is imported where it is made, so that the others start without it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from penstock.aws import clients
from penstock.aws.bus import EventBridgeBus
from penstock.aws.checkpoint_store import DynamoCheckpointStore
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.feed import DynamoFeed
from penstock.aws.payloads import Payloads
from penstock.aws.queues import Queues
from penstock.aws.sequencer import Sequencer
from penstock.aws.settings import Settings
from penstock.aws.snapshot_store import DynamoSnapshotStore
from penstock.aws.view_store import DynamoViewStore
from penstock.events.discovery import projections
from penstock.events.model import StreamId
from penstock.events.projection import project_all
from penstock.events.publishing import publish as publish_stream

if TYPE_CHECKING:
    from penstock.aws.wake import Scheduler
    from penstock.identity.access import Access
    from penstock.identity.keys import Keys
    from penstock.identity.tokens import Tokens
    from penstock.letters.service import Letters
    from penstock.sagas.service import Sagas
    from penstock.sagas.steps import Steps
    from penstock.workflows.execution.engine import Engine
    from penstock.workflows.runner import LocalRunner
    from penstock.workflows.service import Workflows


@cache
def settings() -> Settings:
    """The function's environment."""
    return Settings()


@cache
def payloads() -> Payloads:
    """The bucket of large payloads."""
    return Payloads(clients.s3(), settings().payloads_bucket)


@cache
def events() -> DynamoEventStore:
    """The event store."""
    return DynamoEventStore(clients.dynamodb(), settings().events_table, payloads())


@cache
def snapshots() -> DynamoSnapshotStore:
    """The snapshots of aggregates."""
    return DynamoSnapshotStore(clients.dynamodb(), settings().views_table, payloads())


@cache
def views() -> DynamoViewStore:
    """The read models."""
    return DynamoViewStore(clients.dynamodb(), settings().views_table)


@cache
def checkpoints() -> DynamoCheckpointStore:
    """How far consumers have come."""
    return DynamoCheckpointStore(clients.dynamodb(), settings().views_table)


@cache
def feed() -> DynamoFeed:
    """The feeds: every commit of a tenant, in one order."""
    return DynamoFeed(clients.dynamodb(), settings().views_table)


@cache
def queues() -> Queues:
    """Every queue, by URL."""
    return Queues(clients.sqs())


@cache
def bus() -> EventBridgeBus:
    """The bus."""
    return EventBridgeBus(clients.eventbridge(), settings().bus)


@cache
def sequencer() -> Sequencer:
    """The reader of the table's stream."""
    return Sequencer(queues(), settings().consumers, feed(), events())


def project(stream: StreamId) -> None:
    """Catch up every read model of the stream."""
    project_all(events(), views(), projections(), stream)


def publish(stream: StreamId) -> None:
    """Catch the bus up with the stream."""
    publish_stream(events(), checkpoints(), bus(), stream)


def archive(stream: StreamId) -> None:
    """Catch the archive up with the stream."""
    from penstock.aws.archive import CopyableEventStore, S3Archive
    from penstock.events.archive import keep

    store = CopyableEventStore(clients.dynamodb(), settings().events_table, payloads())
    keep(store, checkpoints(), S3Archive(clients.s3(), settings().archive_bucket), stream)


@cache
def keys() -> "Keys":
    """API keys."""
    from penstock.identity.keys import Keys

    return Keys(events())


@cache
def access() -> "Access":
    """Who is asking."""
    from penstock.identity.access import Access

    return Access(keys(), _tokens())


@cache
def workflows() -> "Workflows":
    """Workflows, and the engine's library of them."""
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.service import Workflows

    return Workflows(events(), snapshots(), catalogue())


@cache
def local_runner() -> "LocalRunner":
    """Runs the nodes whose code is in this function."""
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.node import Services
    from penstock.workflows.runner import LocalRunner

    return LocalRunner(catalogue(), Services(events()))


@cache
def scheduler() -> "Scheduler":
    """EventBridge Scheduler."""
    from penstock.aws.wake import Scheduler

    known = settings()
    return Scheduler(clients.scheduler(), known.schedule_group, known.schedule_role_arn, known.queue_arns)


@cache
def engine() -> "Engine":
    """The workflow engine."""
    from penstock.aws.node_runner import RoutingRunner, WingRunner
    from penstock.aws.slots import DynamoSlots
    from penstock.aws.wake import QueueWake
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.execution.engine import Engine

    wings = WingRunner(clients.functions(), settings().node_runners, payloads())
    return Engine(
        store=events(),
        snapshots=snapshots(),
        library=workflows(),
        runner=RoutingRunner(catalogue(), local_runner(), wings),
        wake=QueueWake(queues(), settings().queues["engine"], scheduler()),
        slots=DynamoSlots(clients.dynamodb(), settings().views_table),
        patience=1,
    )


@cache
def sagas() -> "Sagas":
    """Sagas: what people do with them."""
    from penstock.aws.machines import StepFunctions
    from penstock.sagas.library import built_in
    from penstock.sagas.service import Sagas

    return Sagas(events(), StepFunctions(clients.stepfunctions(), settings().machines), built_in())


@cache
def saga_steps() -> "Steps":
    """Sagas: what their machines call."""
    from penstock.aws.node_runner import RoutingRunner, WingRunner
    from penstock.sagas.steps import Steps
    from penstock.workflows.catalogue import catalogue

    wings = WingRunner(clients.functions(), settings().node_runners, payloads())
    return Steps(events(), RoutingRunner(catalogue(), local_runner(), wings))


@cache
def letters() -> "Letters":
    """Dead letters."""
    from penstock.aws.letters import Pair, SqsDeadLetters
    from penstock.letters.service import Letters

    pairs = {consumer: Pair(**urls) for consumer, urls in settings().dead_letters.items()}
    return Letters(events(), SqsDeadLetters(clients.sqs(), pairs))


def _tokens() -> "Tokens | None":
    known = settings().jwt
    if not known:
        return None
    from penstock.identity.tokens import Tokens

    return Tokens(known["issuer"], known["audience"], _signing_key(known))


def _signing_key(known: Mapping[str, str]) -> Callable[[str], Any]:
    if "public_key" in known:
        return lambda _: known["public_key"]
    from jwt import PyJWKClient

    keys = PyJWKClient(known["jwks_url"], timeout=5)
    return lambda token: keys.get_signing_key_from_jwt(token).key
