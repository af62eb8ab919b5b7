"""What a grant of `function.toml` means: the IAM statements it adds and the environment it names things in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.constructs.consumer_queue import ConsumerQueue
from infra.constructs.saga_machine import machine_name
from infra.definition import Access, EventsTrigger, FunctionDefinition, Grants, StreamTrigger
from infra.stacks.data import VIEWS_INDEX, DataStack
from infra.stacks.events import EventsStack
from penstock.sagas.library import built_in

EVENTS_ACTIONS = {
    Access.READ: ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
    # Events are the truth: no function may change or delete one.
    Access.WRITE: ["dynamodb:PutItem"],
}
VIEWS_ACTIONS = {
    Access.READ: ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
    Access.WRITE: [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
    ],
}
PAYLOADS_ACTIONS = {Access.READ: ["s3:GetObject"], Access.WRITE: ["s3:PutObject"]}
ARCHIVE_ACTIONS = {Access.READ: ["s3:GetObject"], Access.WRITE: ["s3:PutObject"]}
SCHEDULE_ACTIONS = [
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
]
DEAD_LETTER_ACTIONS = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
]
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

    def function_name(self, function: str) -> str:
        return f"{self.prefix}-{function}"


Part = tuple[list[iam.PolicyStatement], dict[str, str]]


def granted(definition: FunctionDefinition, landscape: Landscape) -> Granted:
    """Rights and environment of a function, by its grants and, for the sequencer, by its trigger."""
    parts = [rule(definition.grants, landscape) for rule in RULES]
    if isinstance(definition.trigger, StreamTrigger):
        parts.append(_fan_out(landscape))
    statements = tuple(statement for part, _ in parts for statement in part)
    return Granted(statements, {key: value for _, part in parts for key, value in part.items()})


def _allow(actions: Sequence[str], resources: Iterable[str]) -> list[iam.PolicyStatement]:
    found = list(resources)
    return [iam.PolicyStatement(actions=list(actions), resources=found)] if found else []


def _actions(access: Access, actions: Mapping[Access, list[str]]) -> list[str]:
    return actions[Access.READ] + (actions[Access.WRITE] if access is Access.WRITE else [])


def _events(grants: Grants, landscape: Landscape) -> Part:
    if grants.events is None:
        return [], {}
    table = landscape.data.events
    return (
        _allow(_actions(grants.events, EVENTS_ACTIONS), [table.table_arn]),
        {"PENSTOCK_EVENTS_TABLE": table.table_name},
    )


def _views(grants: Grants, landscape: Landscape) -> Part:
    if grants.views is None:
        return [], {}
    table = landscape.data.views
    return (
        _allow(_actions(grants.views, VIEWS_ACTIONS), [table.table_arn, f"{table.table_arn}/index/{VIEWS_INDEX}"]),
        {"PENSTOCK_VIEWS_TABLE": table.table_name},
    )


def _payloads(grants: Grants, landscape: Landscape) -> Part:
    if grants.payloads is None:
        return [], {}
    bucket = landscape.data.payloads
    return (
        _allow(_actions(grants.payloads, PAYLOADS_ACTIONS), [bucket.arn_for_objects("*")]),
        {"PENSTOCK_PAYLOADS_BUCKET": bucket.bucket_name},
    )


def _archive(grants: Grants, landscape: Landscape) -> Part:
    if grants.archive is None:
        return [], {}
    bucket = landscape.data.archive
    return (
        _allow(_actions(grants.archive, ARCHIVE_ACTIONS), [bucket.arn_for_objects("*")]),
        {"PENSTOCK_ARCHIVE_BUCKET": bucket.bucket_name},
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
    return [*_allow(SCHEDULE_ACTIONS, [schedules]), pass_role], {
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
    arns = {
        saga: landscape.stack.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=machine_name(landscape.prefix, saga),
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        for saga in built_in()
    }
    return _allow(["states:StartExecution"], arns.values()), {"PENSTOCK_MACHINES": _json(landscape, arns)}


def _dead_letters(grants: Grants, landscape: Landscape) -> Part:
    if not grants.dead_letters:
        return [], {}
    consumers = landscape.events.consumers
    urls = {
        name: {"queue": consumer.queue.queue_url, "dead_letters": consumer.dead_letters.queue.queue_url}
        for name, consumer in consumers.items()
    }
    waiting = [consumer.dead_letters.queue.queue_arn for consumer in consumers.values()]
    return [*_allow(["sqs:SendMessage"], _arns(consumers)), *_allow(DEAD_LETTER_ACTIONS, waiting)], {
        "PENSTOCK_DEAD_LETTERS": _json(landscape, urls)
    }


def _fan_out(landscape: Landscape) -> Part:
    """The sequencer sends to every consumer of event streams."""
    consumers = {name: landscape.events.consumers[name] for name, _ in _subscriptions(landscape)}
    subscriptions = {
        name: {
            "url": consumers[name].queue.queue_url,
            "kinds": list(trigger.kinds),
            "delay": trigger.delay,
            "ordered": trigger.ordered,
        }
        for name, trigger in _subscriptions(landscape)
    }
    return _allow(["sqs:SendMessage"], _arns(consumers)), {"PENSTOCK_CONSUMERS": _json(landscape, subscriptions)}


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
    _archive,
    _send,
    _publish,
    _schedule,
    _invoke,
    _start_machines,
    _dead_letters,
)
