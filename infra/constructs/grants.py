"""What a grant of `function.toml` means: the IAM statements it adds and the environment it names things in."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.constructs import actions
from infra.constructs.consumer_queue import ConsumerQueue
from infra.constructs.saga_machine import OWN, machine_name
from infra.definition import Access, EventsTrigger, FunctionDefinition, Grants, StreamTrigger
from infra.stacks.data import DataStack
from infra.stacks.events import EventsStack
from infra.stacks.own_sagas import OwnSagasStack
from penstock.sagas.library import built_in

ERASED = ("nodes/*", "snapshots/*")
"""Payloads that are copies of what streams hold."""
SEARCH_COLLECTIONS = "search_collections"
"""CDK context: by tenant, `endpoint` and `arn` of the OpenSearch Serverless collection that it searches in."""
HEALTHLAKE_DATASTORES = "healthlake_datastores"
"""CDK context: by tenant, the ARNs of the AWS HealthLake data stores that its connections may lead to."""
_DATASTORE = re.compile(r"arn:aws[a-z-]*:healthlake:([a-z0-9-]+):\d{12}:datastore/fhir/([a-z0-9]{1,64})")
NODE_RUNNER_SUFFIX = "_nodes"


@dataclass(frozen=True)
class Granted:
    """The rights of one function and the environment through which it finds what they are for."""

    statements: tuple[iam.PolicyStatement, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Landscape:
    """What there is to grant."""

    stack: cdk.Stack
    prefix: str
    data: DataStack
    events: EventsStack
    functions: tuple[FunctionDefinition, ...]
    own_sagas: OwnSagasStack

    def function_name(self, function: str) -> str:
        return f"{self.prefix}-{function}"


Part = tuple[list[iam.PolicyStatement], dict[str, str]]


def granted(definition: FunctionDefinition, landscape: Landscape) -> Granted:
    """Rights and environment of a function, by its grants and, for the sequencer, by its trigger."""
    parts = [rule(definition.grants, landscape) for rule in RULES]
    if isinstance(definition.trigger, StreamTrigger):
        parts.append(_fan_out(landscape))
    if definition.grants.give_up:
        parts.append(_give_up(definition.name, landscape))
    statements = tuple(statement for part, _ in parts for statement in part)
    return Granted(statements, {key: value for _, part in parts for key, value in part.items()})


def _allow(allowed: Sequence[str], resources: Iterable[str]) -> list[iam.PolicyStatement]:
    found = list(resources)
    return [iam.PolicyStatement(actions=list(allowed), resources=found)] if found else []


def _actions(access: Access, known: Mapping[Access, list[str]]) -> list[str]:
    return known[Access.READ] + (known[Access.WRITE] if access is Access.WRITE else [])


def _events(grants: Grants, landscape: Landscape) -> Part:
    if grants.events is None:
        return [], {}
    table, keys, key_of_keys = landscape.data.events, landscape.data.keys, landscape.data.key_of_keys
    opens = iam.PolicyStatement(
        actions=_actions(grants.events, actions.KMS),
        resources=[key_of_keys.key_arn],
        conditions=actions.NAMES_ITS_TENANT,
    )
    return (
        [
            *_allow(_actions(grants.events, actions.EVENTS), [table.table_arn]),
            *_allow(_actions(grants.events, actions.KEYS), [keys.table_arn]),
            opens,
        ],
        {
            "PENSTOCK_EVENTS_TABLE": table.table_name,
            "PENSTOCK_KEYS_TABLE": keys.table_name,
            "PENSTOCK_KEY_OF_KEYS": key_of_keys.key_arn,
        },
    )


def _views(grants: Grants, landscape: Landscape) -> Part:
    if grants.views is None:
        return [], {}
    table = landscape.data.views
    return (
        _allow(_actions(grants.views, actions.VIEWS), [table.table_arn, f"{table.table_arn}/index/*"]),
        {"PENSTOCK_VIEWS_TABLE": table.table_name},
    )


def _payloads(grants: Grants, landscape: Landscape) -> Part:
    if grants.payloads is None:
        return [], {}
    bucket = landscape.data.payloads
    return (
        _allow(_actions(grants.payloads, actions.PAYLOADS), [bucket.arn_for_objects("*")]),
        {"PENSTOCK_PAYLOADS_BUCKET": bucket.bucket_name},
    )


def _erase(grants: Grants, landscape: Landscape) -> Part:
    """Take copies out of the payloads, with every version that the bucket keeps of them."""
    if not grants.erase:
        return [], {}
    bucket = landscape.data.payloads
    listing = iam.PolicyStatement(
        actions=["s3:ListBucketVersions"],
        resources=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": list(ERASED)}},
    )
    copies = [bucket.arn_for_objects(prefix) for prefix in ERASED]
    return [listing, *_allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], copies)], {}


def _archive(grants: Grants, landscape: Landscape) -> Part:
    if grants.archive is None:
        return [], {}
    bucket = landscape.data.archive
    objects = bucket.arn_for_objects("*")
    hold = iam.PolicyStatement(actions=["s3:PutObjectLegalHold"], resources=[objects], conditions=actions.HELD)
    return (
        [
            *_allow(_actions(grants.archive, actions.ARCHIVE), [objects]),
            *([hold] if grants.archive is Access.WRITE else []),
        ],
        {"PENSTOCK_ARCHIVE_BUCKET": bucket.bucket_name},
    )


def _retention(grants: Grants, landscape: Landscape) -> Part:
    if grants.retention is None:
        return [], {}
    floor = {"PENSTOCK_RETENTION_FLOOR": str(landscape.data.settings.archive.retention or 0)}
    if grants.retention is Access.READ:
        return [], floor
    bucket = landscape.data.archive
    rights = [
        *_allow(actions.VAULT, [bucket.arn_for_objects("*")]),
        *_allow(actions.VAULT_LISTING, [bucket.bucket_arn]),
    ]
    return rights, {**floor, "PENSTOCK_ARCHIVE_BUCKET": bucket.bucket_name}


def _search(grants: Grants, landscape: Landscape) -> Part:
    if grants.search is None:
        return [], {}
    bucket, collections = landscape.data.search, landscape.data.node.try_get_context(SEARCH_COLLECTIONS) or {}
    endpoints = {tenant: each["endpoint"] for tenant, each in collections.items()}
    return (
        [
            *_allow(_actions(grants.search, actions.SEARCH), [bucket.arn_for_objects("*")]),
            # Without it S3 answers 403, not 404, where a tenant has no index yet.
            *_allow(["s3:ListBucket"], [bucket.bucket_arn]),
            *_allow(["aoss:APIAccessAll"], sorted(each["arn"] for each in collections.values())),
        ],
        {
            "PENSTOCK_SEARCH_BUCKET": bucket.bucket_name,
            **({"PENSTOCK_SEARCH_COLLECTIONS": _json(landscape, endpoints)} if endpoints else {}),
        },
    )


def _send(grants: Grants, landscape: Landscape) -> Part:
    if not grants.send:
        return [], {}
    queues = {name: landscape.events.consumers[name] for name in grants.send}
    return _allow(["sqs:SendMessage"], _arns(queues)), {"PENSTOCK_QUEUES": _json(landscape, _urls(queues))}


def _publish(grants: Grants, landscape: Landscape) -> Part:
    if not grants.publish:
        return [], {}
    bus = landscape.events.bus
    return _allow(["events:PutEvents"], [bus.event_bus_arn]), {"PENSTOCK_BUS": bus.event_bus_name}


def _schedule(grants: Grants, landscape: Landscape) -> Part:
    if not grants.schedule:
        return [], {}
    events = landscape.events
    group = events.schedule_group.name or ""
    schedules = landscape.stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{group}/*")
    pass_role = iam.PolicyStatement(
        actions=["iam:PassRole"],
        resources=[events.schedule_role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    )
    arns = {name: consumer.queue.queue_arn for name, consumer in events.scheduled.items()}
    return [*_allow(actions.SCHEDULE, [schedules]), pass_role], {
        "PENSTOCK_SCHEDULE_GROUP": group,
        "PENSTOCK_SCHEDULE_ROLE_ARN": events.schedule_role.role_arn,
        "PENSTOCK_QUEUE_ARNS": _json(landscape, arns),
    }


def _invoke(grants: Grants, landscape: Landscape) -> Part:
    if not grants.invoke:
        return [], {}
    # By name, not by reference: functions that invoke each other would make a circle of resources.
    arns = [
        landscape.stack.format_arn(
            service="lambda",
            resource="function",
            resource_name=landscape.function_name(name),
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        for name in grants.invoke
    ]
    runners = {
        name.removesuffix(NODE_RUNNER_SUFFIX): landscape.function_name(name)
        for name in grants.invoke
        if name.endswith(NODE_RUNNER_SUFFIX)
    }
    return _allow(["lambda:InvokeFunction"], arns), {"PENSTOCK_NODE_RUNNERS": _json(landscape, runners)}


def _start_machines(grants: Grants, landscape: Landscape) -> Part:
    if not grants.start_machines:
        return [], {}
    # By name, as functions are: the machines stand in a stack that comes after this one.
    arns = {saga: _machine_arn(landscape, saga) for saga in built_in()}
    return _allow(["states:StartExecution"], arns.values()), {"PENSTOCK_MACHINES": _json(landscape, arns)}


def _make_machines(grants: Grants, landscape: Landscape) -> Part:
    if not grants.make_machines:
        return [], {}
    own, prefix = landscape.own_sagas, _machine_arn(landscape, OWN)
    pass_role = iam.PolicyStatement(
        actions=["iam:PassRole"],
        resources=[own.role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}},
    )
    workshop = {
        "prefix": prefix,
        "role": own.role.role_arn,
        "function": own.function,
        "log_group": own.log_group.log_group_arn,
    }
    return [*_allow(actions.OWN_MACHINE, [f"{prefix}*"]), pass_role], {
        "PENSTOCK_OWN_MACHINES": _json(landscape, workshop)
    }


def _machine_arn(landscape: Landscape, name: str) -> str:
    return landscape.stack.format_arn(
        service="states",
        resource="stateMachine",
        resource_name=machine_name(landscape.prefix, name),
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def _dead_letters(grants: Grants, landscape: Landscape) -> Part:
    if not grants.dead_letters:
        return [], {}
    consumers = landscape.events.consumers
    known = {name: _is_ordered(consumer) for name, consumer in consumers.items()}
    waiting = [consumer.dead_letters.queue.queue_arn for consumer in consumers.values()]
    return [*_allow(["sqs:SendMessage"], _arns(consumers)), *_allow(actions.DEAD_LETTER, waiting)], {
        "PENSTOCK_DEAD_LETTERS": _queues_like(landscape, consumers, known)
    }


def _secrets(grants: Grants, landscape: Landscape) -> Part:
    if grants.secrets is None:
        return [], {}
    key = landscape.data.secrets
    return _allow(_actions(grants.secrets, actions.SECRETS), [key.key_arn]), {"PENSTOCK_SECRETS_KEY": key.key_arn}


def _healthlake(grants: Grants, landscape: Landscape) -> Part:
    """Nothing, unless the stage names data stores. Raises ValueError for what is no data store's ARN."""
    tenants = landscape.data.node.try_get_context(HEALTHLAKE_DATASTORES) or {}
    if not grants.healthlake or not tenants:
        return [], {}
    bases = {tenant: dict(map(_datastore, arns)) for tenant, arns in tenants.items()}
    named = sorted({arn for arns in tenants.values() for arn in arns})
    return _allow(actions.HEALTHLAKE, named), {"PENSTOCK_HEALTHLAKE_DATASTORES": _json(landscape, bases)}


def _datastore(arn: str) -> tuple[str, str]:
    """FHIR base and region of a data store."""
    parts = _DATASTORE.fullmatch(arn)
    if not parts:
        raise ValueError(f"{HEALTHLAKE_DATASTORES}: {arn!r} is not the ARN of an AWS HealthLake data store")
    region, key = parts.groups()
    return f"https://healthlake.{region}.amazonaws.com/datastore/{key}/r4", region


def _give_up(name: str, landscape: Landscape) -> Part:
    """A consumer may lay a message down as a dead letter without failing on it first."""
    letters = landscape.events.consumers[name].dead_letters.queue
    return _allow(["sqs:SendMessage"], [letters.queue_arn]), {"PENSTOCK_OWN_DEAD_LETTERS": letters.queue_url}


def _fan_out(landscape: Landscape) -> Part:
    """The sequencer sends to every consumer of event streams."""
    consumers = {name: landscape.events.consumers[name] for name, _ in _subscriptions(landscape)}
    subscriptions = {
        name: {
            "kinds": list(trigger.kinds),
            "delay": trigger.delay,
            "ordered": trigger.ordered,
        }
        for name, trigger in _subscriptions(landscape)
    }
    return _allow(["sqs:SendMessage"], _arns(consumers)), {
        "PENSTOCK_CONSUMERS": _queues_like(landscape, consumers, subscriptions)
    }


def _queues_like(landscape: Landscape, consumers: Mapping[str, ConsumerQueue], known: Mapping[str, object]) -> str:
    """What is known of consumers by name, and one URL, which tells those of all: Lambda's environment holds 4 KB."""
    like = next(iter(consumers.values()), None)
    return _json(landscape, {"like": like.queue.queue_url if like else "", "consumers": known})


def _is_ordered(consumer: ConsumerQueue) -> bool:
    return consumer.queue.fifo


def _subscriptions(landscape: Landscape) -> Iterator[tuple[str, EventsTrigger]]:
    for function in landscape.functions:
        if isinstance(function.trigger, EventsTrigger):
            yield function.name, function.trigger


def _arns(queues: Mapping[str, ConsumerQueue]) -> list[str]:
    return [consumer.queue.queue_arn for consumer in queues.values()]


def _urls(queues: Mapping[str, ConsumerQueue]) -> dict[str, str]:
    return {name: consumer.queue.queue_url for name, consumer in queues.items()}


def _json(landscape: Landscape, value: object) -> str:
    return landscape.stack.to_json_string(value)


RULES: tuple[Callable[[Grants, Landscape], Part], ...] = (
    _events,
    _views,
    _payloads,
    _erase,
    _archive,
    _search,
    _retention,
    _send,
    _publish,
    _schedule,
    _invoke,
    _start_machines,
    _make_machines,
    _dead_letters,
    _secrets,
    _healthlake,
)
