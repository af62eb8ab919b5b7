"""SQS message move tasks: `StartMessageMoveTask`, `ListMessageMoveTasks`, `CancelMessageMoveTask`.

A task moves everything at once, so a task that can be listed is always completed. As on AWS a moved message counts
its receives anew, and without a destination it returns to the queue that it came from.
"""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

KEPT_TASKS = 10
"""As many as ListMessageMoveTasks can return for one queue."""

Action = Callable[[dict[str, Any], str], dict[str, Any]]
Queue = dict[str, Any]


def actions(sqs: Any) -> dict[str, Action]:
    """The three actions over MiniStack's `sqs` module."""
    tasks: list[dict[str, Any]] = []

    def start(data: dict[str, Any], _url: str) -> dict[str, Any]:
        source_arn = data.get("SourceArn", "")
        source = _queue(sqs, source_arn)
        destination_arn = data.get("DestinationArn")
        origins = [destination_arn] if destination_arn else _origins(sqs, source_arn)
        if not origins:
            raise sqs._Err("InvalidParameterValue", "SourceArn is not the dead-letter queue of any queue.")
        with sqs._queues_lock:
            moved = [_move(sqs, message, destination_arn, origins) for message in source["messages"]]
            source["messages"] = []
        task = {
            "TaskHandle": str(uuid4()),
            "Status": "COMPLETED",
            "SourceArn": source_arn,
            **({"DestinationArn": destination_arn} if destination_arn else {}),
            "ApproximateNumberOfMessagesMoved": len(moved),
            "ApproximateNumberOfMessagesToMove": len(moved),
            "StartedTimestamp": int(time.time() * 1000),
        }
        tasks.insert(0, task)
        sqs.esm_wake.set()
        return {"TaskHandle": task["TaskHandle"]}

    def list_tasks(data: dict[str, Any], _url: str) -> dict[str, Any]:
        of_source = [task for task in tasks if task["SourceArn"] == data.get("SourceArn")]
        limit = min(int(data.get("MaxResults", 1)), KEPT_TASKS)
        return {"Results": [{k: v for k, v in task.items() if k != "TaskHandle"} for task in of_source[:limit]]}

    def cancel(_data: dict[str, Any], _url: str) -> dict[str, Any]:
        raise sqs._Err("UnsupportedOperation", "The task has completed already.")

    return {"StartMessageMoveTask": start, "ListMessageMoveTasks": list_tasks, "CancelMessageMoveTask": cancel}


def _queue(sqs: Any, arn: str) -> Queue:
    queue: Queue | None = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified does not exist.", 404)
    return queue


def _origins(sqs: Any, dead_letter_arn: str) -> list[str]:
    """ARNs of the queues whose redrive policy names `dead_letter_arn`."""
    return [
        queue["attributes"]["QueueArn"] for queue in sqs._queues.values() if _redrive_target(queue) == dead_letter_arn
    ]


def _redrive_target(queue: Queue) -> str | None:
    policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    target: str | None = policy.get("deadLetterTargetArn")
    return target


def _move(sqs: Any, message: dict[str, Any], destination_arn: str | None, origins: list[str]) -> str:
    system = dict(message.get("sys", {}))
    came_from = system.pop("DeadLetterQueueSourceArn", None)
    target = destination_arn or (came_from if came_from in origins else origins[0])
    fresh = {"receipt_handle": None, "visible_at": time.time(), "receive_count": 0, "first_receive_at": None}
    _queue(sqs, target)["messages"].append({**message, **fresh, "sys": system})
    return target
