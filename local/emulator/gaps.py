"""What MiniStack 1.5.33 lacks for us, mended in its process; a reason beside each item.

Each mend replaces one named function of the pinned version. An anchor that is not where it was stops the start: a new
pin is looked at, never half mended.
"""

import logging
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from local.emulator import redrive, resources, streams, workers

logger = logging.getLogger("penstock.local")

SLOT_WAIT_SECONDS = 5.0
SLOT_POLL_SECONDS = 0.01
SCHEDULE_TICK_SECONDS = 0.5
QUEUE_TICK_SECONDS = 0.1

Mend = Callable[[], None]


def mend() -> None:
    """Applies every mend and says so in the log."""
    for reason, apply in GAPS.items():
        apply()
        logger.info("mended: %s", reason)
    for reason in ACCEPTED_ONLY:
        logger.warning("accepted but not done here: %s", reason)


def _require(module: str, *names: str) -> Any:
    found = import_module(module)
    missing = [name for name in names if not hasattr(found, name)]
    if missing:
        raise RuntimeError(f"{module} has no {', '.join(missing)}: this is not the pinned MiniStack")
    return found


def _deliver_streams_safely() -> None:
    lambda_svc = _require("ministack.services.lambda_svc", "_poll_dynamodb_streams", "_iter_all_esms")
    lambda_svc._poll_dynamodb_streams = streams.StreamPoller(lambda_svc).poll


def _redrive_dead_letters() -> None:
    sqs = _require("ministack.services.sqs", "_HANDLERS", "_queue_by_arn", "_Err", "_queues_lock")
    sqs._HANDLERS.update(redrive.actions(sqs))


def _keep_workers_warm() -> None:
    runtime = _require("ministack.core.lambda_runtime", "Worker", "_PYTHON_WORKER_SCRIPT", "_worker_class_for")
    runtime._PYTHON_WORKER_SCRIPT = workers.with_end_of_log(runtime._PYTHON_WORKER_SCRIPT)
    kind = workers.warm_worker(runtime, import_module("ministack.services.lambda_svc"))
    other = runtime._worker_class_for
    runtime._worker_class_for = lambda config: (
        kind if str(config.get("Runtime", "")).startswith("python") else other(config)
    )


def _start_few_workers() -> None:
    runtime = _require("ministack.core.lambda_runtime", "acquire_worker", "release_worker", "_workers", "_worker_key")
    lambda_svc = _require("ministack.services.lambda_svc", "acquire_worker", "release_worker")
    turnstile = workers.Turnstile(runtime)
    lambda_svc.acquire_worker = turnstile.acquire
    lambda_svc.release_worker = turnstile.release


def _wait_for_a_slot() -> None:
    lambda_svc = _require("ministack.services.lambda_svc", "_acquire_execution_slot")
    acquire = lambda_svc._acquire_execution_slot

    def acquire_within_bound(func: Any, config: Any) -> tuple[Any, Any]:
        deadline = time.monotonic() + SLOT_WAIT_SECONDS
        slot, limit = acquire(func, config)
        while slot is None and limit == "account" and time.monotonic() < deadline:
            time.sleep(SLOT_POLL_SECONDS)
            slot, limit = acquire(func, config)
        return slot, limit

    lambda_svc._acquire_execution_slot = acquire_within_bound


def _tick_schedules_often() -> None:
    scheduler = _require("ministack.services.scheduler", "_SCHEDULE_TICK_INTERVAL", "_tick_schedules")
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULE_TICK_SECONDS


def _wake_for_delayed_messages() -> None:
    sqs = _require("ministack.services.sqs", "_queues")
    wake = _require("ministack.core.concurrency", "esm_wake").esm_wake

    def tick() -> None:
        while True:
            time.sleep(QUEUE_TICK_SECONDS)
            now = time.time()
            due = (now - QUEUE_TICK_SECONDS, now)
            if any(due[0] < m.get("visible_at", 0) <= due[1] for q in _all(sqs._queues) for m in list(q["messages"])):
                wake.set()

    threading.Thread(target=tick, daemon=True, name="penstock-delayed-messages").start()


def _expire_items() -> None:
    provisioners = _require("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    dynamodb = _require("ministack.services.dynamodb", "_update_ttl")
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create = handler["create"]

    def create_with_expiry(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        table, attributes = create(logical_id, props, stack_name)
        expiry = props.get("TimeToLiveSpecification")
        if expiry:
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": expiry})
        return table, attributes

    handler["create"] = create_with_expiry


def _provision_more() -> None:
    handlers = _require("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS
    events = _require("ministack.services.eventbridge", "_archives", "_create_archive", "_update_archive")
    s3 = _require("ministack.services.s3", "_bucket_object_lock")
    handlers["AWS::Events::Archive"] = resources.bus_archive(events)
    handlers["AWS::S3::Bucket"] = resources.lockable(s3, handlers["AWS::S3::Bucket"])
    handlers["AWS::EventSchemas::Registry"] = resources.accepted("Registry", "RegistryName")
    handlers["AWS::EventSchemas::Schema"] = resources.accepted("Schema", "SchemaName")


def _answer_without_a_body() -> None:
    app = _require("ministack.app", "_send_response")
    send_response = app._send_response

    async def send_or_nothing(send: Any, status: int, headers: Any, body: Any, **options: Any) -> None:
        await send_response(send, status, headers, b"" if body is None else body, **options)

    app._send_response = send_or_nothing


def _all(scoped: Any) -> list[Any]:
    return list(scoped._data.values())


GAPS: dict[str, Mend] = {
    # `batchItemFailures`, retries, bisect and on-failure are ignored: a failed record would be lost or block for ever.
    "DynamoDB Streams to Lambda keeps every record": _deliver_streams_safely,
    # StartMessageMoveTask is missing, and redriving dead letters is an operator's daily work.
    "SQS moves dead letters back": _redrive_dead_letters,
    # A cold start unpacks every layer per process, a raised exception kills the process, a silent handler waits 50 ms.
    "Lambda workers share layers, outlive exceptions and do not wait for logs": _keep_workers_warm,
    # Each concurrent call starts a process of its own; sixteen at once take two cores ten seconds.
    "Lambda bursts share a few workers": _start_few_workers,
    # At the bound on workers a call is refused at once; Lambda would have scaled out instead.
    "Lambda waits a moment for a free worker before it throttles": _wait_for_a_slot,
    # Schedules are looked at every 10 s, which makes a wait of one second take eleven.
    "EventBridge Scheduler fires within half a second": _tick_schedules_often,
    # The poller learns of a message whose delay ran out only at its idle tick of one second.
    "SQS hands over delayed messages when they are due": _wake_for_delayed_messages,
    # CloudFormation drops TimeToLiveSpecification, so nothing would expire.
    "DynamoDB items expire": _expire_items,
    # A type that is not known refuses its whole template, and ObjectLockEnabled is dropped.
    "CloudFormation makes archives of buses and buckets whose objects can be locked": _provision_more,
    # A function's answer with a null body, as for 204, would end as a 500.
    "API Gateway sends answers that have no body": _answer_without_a_body,
}

ACCEPTED_ONLY = (
    "DynamoDB point-in-time recovery, encryption and deletion protection from CloudFormation",
    "the Lambda runtime python3.13 and arm64: functions run on this interpreter",
    "IAM: grants are deployed, not enforced",
    "the schema registry: its schemas are served by the API, /v1/event-types",
    "the default retention of a bucket, and its tiers of storage; what an object's own lock and hold forbid is refused",
    "EventBridge replays to some consumers: one reaches every rule of the bus",
    "metrics of SQS and Lambda: alarms stay at INSUFFICIENT_DATA",
)
