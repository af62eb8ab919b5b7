"""The one place where ports meet adapters: what functions are made of, each part made once a process.

What only some functions are made of is imported where it is made, so that the others start without it.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.aws import clients
from penstock.aws.bus import EventBridgeBus
from penstock.aws.checkpoint_store import DynamoCheckpointStore
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.feed import DynamoFeed
from penstock.aws.keyring import DynamoKeyring
from penstock.aws.noted_event_store import NotedEventStore
from penstock.aws.payloads import Payloads
from penstock.aws.queues import Queues
from penstock.aws.sequencer import Sequencer
from penstock.aws.settings import Settings
from penstock.aws.snapshot_store import DynamoSnapshotStore
from penstock.aws.view_store import DynamoViewStore
from penstock.events.consistency import Written
from penstock.events.discovery import projections, projections_of
from penstock.events.keyring import CachedKeyring
from penstock.events.model import StreamId
from penstock.events.projection import project_all
from penstock.events.publishing import publish as publish_stream
from penstock.events.watched import Applied, Watched, WatchedFeed
from penstock.rebuilds.generations import Generations, LiveViews

if TYPE_CHECKING:
    from penstock.aws.keeper import Keeper
    from penstock.aws.machines import StepFunctions
    from penstock.aws.rebuild_tasks import QueuedTasks
    from penstock.aws.wake import Scheduler
    from penstock.aws.webhooks import DynamoAttempts, DynamoCircuits
    from penstock.events.feed import Feed
    from penstock.http.signing import Signer
    from penstock.identity.access import Access
    from penstock.identity.keys import Keys
    from penstock.identity.tokens import Tokens
    from penstock.letters.service import Letters
    from penstock.metrics.counting import Beginnings
    from penstock.privacy.service import Subjects
    from penstock.processes.advancing import Advancing
    from penstock.processes.observing import Observing
    from penstock.processes.service import Processes
    from penstock.rebuilds.followed import Follower
    from penstock.rebuilds.service import Rebuilds
    from penstock.rebuilds.worker import Worker
    from penstock.retention.service import Retention
    from penstock.routing.attempting import Attempting
    from penstock.routing.dispatch import Dispatch
    from penstock.routing.sender import Sender
    from penstock.routing.service import Webhooks
    from penstock.sagas.ownership import OwnSagas
    from penstock.sagas.service import Sagas
    from penstock.sagas.steps import Steps
    from penstock.search.model import SearchIndex
    from penstock.subscriptions.service import Subscriptions
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
def _data_keys() -> DynamoKeyring:
    known = settings()
    return DynamoKeyring(clients.dynamodb(), known.keys_table, clients.kms, known.key_of_keys)


@cache
def keyring() -> CachedKeyring:
    """The keys of personal data."""
    return CachedKeyring(_data_keys())


@cache
def events() -> DynamoEventStore:
    """The event store."""
    return NotedEventStore(written(), clients.dynamodb(), settings().events_table, payloads(), keyring())


@cache
def written() -> Written:
    """What this process has appended."""
    return Written()


@cache
def snapshots() -> DynamoSnapshotStore:
    """The snapshots of aggregates."""
    return DynamoSnapshotStore(clients.dynamodb(), settings().views_table, payloads())


@cache
def rows() -> DynamoViewStore:
    """The rows of every generation of read models."""
    return DynamoViewStore(clients.dynamodb(), settings().views_table)


@cache
def generations() -> Generations:
    """Which rows readers see, and which are kept up."""
    return Generations(events())


@cache
def views() -> LiveViews:
    """The read models, as readers see them."""
    return LiveViews(rows(), generations())


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


def project(stream: StreamId) -> Applied:
    """Catch up every read model of the stream."""
    return project_all(events(), rows(), projections(), stream, generations().kept_up)


def publish(stream: StreamId) -> Applied:
    """Catch the bus up with the stream."""
    store = Watched(events())
    publish_stream(store, checkpoints(), bus(), stream)
    return store.applied("publisher")


@cache
def _beginnings() -> "Beginnings":
    """How the runs began that metrics are counted of."""
    from penstock.metrics.counting import Beginnings

    return Beginnings(events())


def count_metrics(stream: StreamId) -> Applied:
    """Count what has come into the feed of the stream's tenant."""
    return _keep_up("metrics", stream.tenant, "metrics_projector")


def _counting(followed: "Feed") -> "Follower":
    from penstock.metrics.following import Counting

    return Counting(followed, _beginnings(), rows(), checkpoints())


@cache
def subjects() -> "Subjects":
    """Data subjects."""
    from penstock.privacy.service import Subjects

    return Subjects(events(), snapshots(), keyring())


def link_subjects(stream: StreamId) -> None:
    """Link who the stream's events are about with the keys that seal them."""
    from penstock.privacy.finders import finders
    from penstock.privacy.linking import Linking

    Linking(events(), snapshots(), checkpoints(), keyring(), finders).catch_up(stream)


def erase_copies(subject: StreamId) -> None:
    """Take copies away of what was forgotten of a subject."""
    from penstock.privacy.erasing import Copies, catch_up

    copies = Copies(events(), rows(), projections_of, generations().kept_up, snapshots(), payloads())
    catch_up(events(), checkpoints(), copies.erase, subject)


def take_snapshot(stream: StreamId) -> None:
    """Take the stream's snapshot, if it is time."""
    from penstock.events import snapshots as taking

    taking.take_snapshot(events(), snapshots(), stream)


def archive(stream: StreamId) -> None:
    """Catch the archive up with the stream."""
    from penstock.aws.archive import CopyableEventStore, S3Archive
    from penstock.events.archive import keep

    store = CopyableEventStore(clients.dynamodb(), settings().events_table, payloads())
    keep(store, checkpoints(), S3Archive(clients.s3(), settings().archive_bucket, retention().lock), stream)


@cache
def retention() -> "Retention":
    """How long what is kept in the archive, and what is held."""
    from penstock.retention.service import Retention

    return Retention(events(), snapshots(), settings().retention_floor)


@cache
def retention_keeper() -> "Keeper":
    """What brings the archive's locks in line with the rules, and deletes what is over."""
    from penstock.aws.archive import CopyableEventStore
    from penstock.aws.keeper import Keeper
    from penstock.aws.vault import S3Vault

    return Keeper(
        retention=retention(),
        vault=S3Vault(clients.s3(), settings().archive_bucket),
        live=CopyableEventStore(clients.dynamodb(), settings().events_table, payloads()),
        checkpoints=checkpoints(),
        queues=queues(),
        queue=settings().queues["retention_keeper"],
    )


@cache
def subscriptions() -> "Subscriptions":
    """Consumers outside that read the feed."""
    from penstock.aws.leases import DynamoLeases
    from penstock.subscriptions.service import Subscriptions

    return Subscriptions(events(), feed(), DynamoLeases(clients.dynamodb(), settings().views_table))


@cache
def rebuilds() -> "Rebuilds":
    """Rebuilds of read models: what people do with them."""
    from penstock.rebuilds.catalogue import known_projections
    from penstock.rebuilds.service import Rebuilds

    return Rebuilds(events(), feed(), checkpoints(), known_projections())


def hand_out_rebuild(stream: StreamId) -> None:
    """Hand out the work that a rebuild asks for."""
    from penstock.rebuilds.tasks import hand_out

    hand_out(events(), checkpoints(), _rebuild_tasks(), stream)


@cache
def rebuild_worker() -> "Worker":
    """Rebuilds of read models: what does the work."""
    from penstock.rebuilds.followed import Following
    from penstock.rebuilds.making import folding
    from penstock.rebuilds.worker import Worker

    folded = folding(events(), feed(), rows(), checkpoints(), projections())
    following = {name: Following(partial(follower, feed()), generations()) for name, follower in _FOLLOWERS.items()}
    return Worker(events(), _rebuild_tasks(), {**folded, **following})


def _keep_up(name: str, tenant: str, consumer: str) -> Applied:
    """Catch a read model that follows the feed up with it."""
    from penstock.rebuilds.followed import keep_up

    watched = WatchedFeed(feed())
    keep_up(_FOLLOWERS[name](watched), name, generations(), tenant)
    return watched.applied(consumer)


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
def signer() -> "Signer":
    """Signs requests as this function's role."""
    from penstock.aws.signing import own_role

    return own_role()


@cache
def local_runner() -> "LocalRunner":
    """Runs the nodes whose code is in this function."""
    from penstock.workflows.catalogue import catalogue
    from penstock.workflows.node import Services
    from penstock.workflows.runner import LocalRunner

    return LocalRunner(catalogue(), Services(events(), feed(), views(), keyring(), signer()))


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
    """Sagas: what people do with their runs."""
    from penstock.sagas.service import Sagas

    return Sagas(events(), machines(), own_sagas())


@cache
def own_sagas() -> "OwnSagas":
    """Sagas that tenants wrote, beside those that are built in."""
    from penstock.sagas.library import built_in
    from penstock.sagas.ownership import OwnSagas
    from penstock.workflows.catalogue import catalogue

    return OwnSagas(events(), machines(), built_in(), catalogue())


@cache
def machines() -> "StepFunctions":
    """The state machines of sagas."""
    from penstock.aws.machines import StepFunctions, Workshop

    own = settings().own_machines
    return StepFunctions(clients.stepfunctions(), settings().machines, Workshop(**own) if own else None)


@cache
def saga_steps() -> "Steps":
    """Sagas: what their machines call."""
    from penstock.aws.node_runner import RoutingRunner, WingRunner
    from penstock.sagas.steps import Steps
    from penstock.workflows.catalogue import catalogue

    wings = WingRunner(clients.functions(), settings().node_runners, payloads())
    return Steps(events(), RoutingRunner(catalogue(), local_runner(), wings))


@cache
def processes() -> "Processes":
    """Processes: what people do with them."""
    from penstock.processes.library import built_in
    from penstock.processes.service import Processes
    from penstock.processes.storing import Instances
    from penstock.workflows.catalogue import catalogue

    return Processes(Instances(events()), catalogue(), built_in())


def process_observing() -> "Observing":
    """Processes: what notes events; one serves one batch."""
    from penstock.processes.observing import Observing
    from penstock.processes.storing import Instances

    return Observing(Instances(events()), views(), checkpoints())


@cache
def process_advancing() -> "Advancing":
    """Processes: what carries instances on."""
    from penstock.aws.node_runner import RoutingRunner, WingRunner
    from penstock.aws.process_wake import CONSUMER, ProcessWakes
    from penstock.processes.advancing import Advancing
    from penstock.processes.storing import Instances
    from penstock.workflows.catalogue import catalogue

    wings = WingRunner(clients.functions(), settings().node_runners, payloads())
    wakes = ProcessWakes(queues(), settings().queues[CONSUMER], scheduler())
    return Advancing(Instances(events()), RoutingRunner(catalogue(), local_runner(), wings), wakes)


@cache
def search() -> "SearchIndex":
    """The search indexes, as readers see them."""
    from penstock.search.generations import GenerationIndex

    return GenerationIndex(_indexes(), lambda tenant: generations().live_generation(tenant, "search"))


@cache
def _indexes() -> "SearchIndex":
    """Every generation of the search indexes."""
    from penstock.aws.search_store import S3IndexStore
    from penstock.search.files import own_folder
    from penstock.search.searchable import catalogued, edition
    from penstock.search.stored import StoredIndex

    folder = own_folder(Path(tempfile.gettempdir()) / "penstock-search")
    store = S3IndexStore(clients.s3(), settings().search_bucket)
    embedded = StoredIndex(store, folder, edition(), catalogued)
    collections = settings().search_collections
    if not collections:
        return embedded
    from penstock.aws.opensearch import OpenSearchIndex
    from penstock.aws.search_client import collection
    from penstock.search.routing import RoutedIndex

    def outgrown(endpoint: str) -> OpenSearchIndex:
        return OpenSearchIndex(collection(endpoint), store, edition(), catalogued)

    return RoutedIndex(embedded, {tenant: outgrown(endpoint) for tenant, endpoint in collections.items()})


def index_for_search(stream: StreamId) -> Applied:
    """Catch the search index of the stream's tenant up with its feed."""
    return _keep_up("search", stream.tenant, "search_indexer")


def _indexing(followed: "Feed") -> "Follower":
    from penstock.search.following import Indexing
    from penstock.search.searchable import searchables

    # What was forgotten is read again at once: a key that this process remembers for a minute would bring it back.
    store = DynamoEventStore(
        clients.dynamodb(), settings().events_table, payloads(), CachedKeyring(_data_keys(), seconds=1)
    )
    return Indexing(_indexes(), followed, store, searchables(), checkpoints())


_FOLLOWERS: "Mapping[str, Callable[[Feed], Follower]]" = {"metrics": _counting, "search": _indexing}
"""What keeps the read models that follow the feed, by their names; a feed to follow in."""


@cache
def letters() -> "Letters":
    """Dead letters."""
    from penstock.aws.letters import Pair, SqsDeadLetters
    from penstock.letters.service import Letters

    pairs = {consumer: Pair(**urls) for consumer, urls in settings().dead_letters.items()}
    return Letters(events(), SqsDeadLetters(clients.sqs(), pairs))


def _rebuild_tasks() -> "QueuedTasks":
    from penstock.aws.rebuild_tasks import QueuedTasks
    from penstock.rebuilds.catalogue import known_projections

    return QueuedTasks(queues(), settings().queues, known_projections())


@cache
def webhooks() -> "Webhooks":
    """Webhooks: what people do with them."""

    from penstock.aws.seal import KmsSeal
    from penstock.http.guard import Guard
    from penstock.routing.service import Webhooks

    seal = KmsSeal(clients.kms(), settings().secrets_key)
    return Webhooks(events(), views(), seal, Guard.from_environment(os.environ))


@cache
def webhook_attempts() -> "DynamoAttempts":
    """Webhooks: how the last deliveries went."""
    from penstock.aws.webhooks import DynamoAttempts

    return DynamoAttempts(clients.dynamodb(), settings().views_table)


@cache
def webhook_circuits() -> "DynamoCircuits":
    """Webhooks: the breakers of their endpoints."""
    from penstock.aws.webhooks import DynamoCircuits

    return DynamoCircuits(clients.dynamodb(), settings().views_table)


@cache
def webhook_sender() -> "Sender":
    """Webhooks: the way out."""
    from penstock.routing.posting import HttpPost
    from penstock.routing.sender import Sender

    return Sender(webhooks(), webhook_attempts(), HttpPost(webhooks().guard))


@cache
def dispatch() -> "Dispatch":
    """Webhooks: deliveries."""
    from penstock.aws.webhooks import CONSUMER, DeliveryQueue
    from penstock.routing.dispatch import Dispatch

    outbox = DeliveryQueue(queues(), settings().queues[CONSUMER], settings().own_dead_letters, scheduler())
    return Dispatch(events(), webhooks(), webhook_circuits(), outbox, webhook_sender())


@cache
def attempting(consumer: str) -> "Attempting":
    """Deliveries of another consumer's, by the same circuits and its own queues."""
    from penstock.aws.webhooks import DeliveryQueue
    from penstock.routing.attempting import Attempting

    own = DeliveryQueue(
        queues(), settings().queues[consumer], settings().own_dead_letters, scheduler(), consumer=consumer
    )
    return Attempting(webhook_circuits(), own)


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
