"""The smaller gaps of the emulator: dead letters that go back, worker logs that end, layers that are shared."""

import io
import json
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator import redrive, workers

ARN = "arn:aws:sqs:us-east-1:000000000000:"


class QueueError(Exception):
    """Stands for MiniStack's own error."""


def _queue(name: str, dead_letters: str | None = None) -> dict[str, Any]:
    attributes = {"QueueArn": ARN + name}
    if dead_letters:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": ARN + dead_letters, "maxReceiveCount": 3})
    return {"attributes": attributes, "messages": []}


@pytest.fixture
def sqs() -> Any:
    """As much of MiniStack's `sqs` module as a move task touches: two consumers that share a dead-letter queue."""
    names = {"engine": "dead", "projector": "dead", "dead": None}
    queues = {name: _queue(name, dead) for name, dead in names.items()}
    return SimpleNamespace(
        _queues=queues,
        _queues_lock=threading.Lock(),
        _queue_by_arn=lambda arn: queues.get(arn.removeprefix(ARN)),
        _Err=QueueError,
        esm_wake=threading.Event(),
    )


def _dead(sqs: Any, body: str, origin: str) -> None:
    system = {"SenderId": "x", "DeadLetterQueueSourceArn": ARN + origin}
    sqs._queues["dead"]["messages"].append({"body": body, "receive_count": 3, "sys": system})


def test_dead_letters_return_to_the_queue_they_came_from(sqs: Any) -> None:
    _dead(sqs, "a", "projector")
    _dead(sqs, "b", "engine")
    redrive.actions(sqs)["StartMessageMoveTask"]({"SourceArn": ARN + "dead"}, "")
    assert [message["body"] for message in sqs._queues["projector"]["messages"]] == ["a"]
    assert [message["body"] for message in sqs._queues["engine"]["messages"]] == ["b"]
    assert sqs._queues["dead"]["messages"] == []
    assert sqs.esm_wake.is_set()


def test_a_moved_message_counts_its_receives_anew(sqs: Any) -> None:
    _dead(sqs, "a", "engine")
    redrive.actions(sqs)["StartMessageMoveTask"]({"SourceArn": ARN + "dead"}, "")
    (message,) = sqs._queues["engine"]["messages"]
    assert message["receive_count"] == 0
    assert message["sys"] == {"SenderId": "x"}


def test_dead_letters_go_to_the_destination_that_is_named(sqs: Any) -> None:
    _dead(sqs, "a", "engine")
    task = {"SourceArn": ARN + "dead", "DestinationArn": ARN + "projector"}
    redrive.actions(sqs)["StartMessageMoveTask"](task, "")
    assert len(sqs._queues["projector"]["messages"]) == 1


def test_tasks_are_listed_newest_first(sqs: Any) -> None:
    actions = redrive.actions(sqs)
    for moved in (1, 0):
        for _ in range(moved):
            _dead(sqs, "a", "engine")
        actions["StartMessageMoveTask"]({"SourceArn": ARN + "dead"}, "")
    listed = actions["ListMessageMoveTasks"]({"SourceArn": ARN + "dead", "MaxResults": 10}, "")["Results"]
    assert [task["ApproximateNumberOfMessagesMoved"] for task in listed] == [0, 1]
    assert {task["Status"] for task in listed} == {"COMPLETED"}


@pytest.mark.parametrize("source", ["engine", "nowhere"])
def test_a_queue_that_is_no_dead_letter_queue_is_refused(sqs: Any, source: str) -> None:
    with pytest.raises(QueueError):
        redrive.actions(sqs)["StartMessageMoveTask"]({"SourceArn": ARN + source}, "")


def test_another_worker_script_is_not_half_mended() -> None:
    with pytest.raises(RuntimeError, match="not that of the pinned MiniStack"):
        workers.with_end_of_log("def run():\n    pass\n")


def _zip(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workers, "UNPACKED", tmp_path / "layers")
    return tmp_path / "layers"


def test_a_layer_is_unpacked_once(unpacked: Path) -> None:
    archive = _zip({"python/a.py": "A = 1"})
    folder = workers.unpack(archive)
    (folder / "python/a.py").write_text("A = 2", encoding="utf-8")
    assert workers.unpack(archive) == folder
    assert (folder / "python/a.py").read_text(encoding="utf-8") == "A = 2"
    assert list(unpacked.iterdir()) == [folder]


def test_the_first_layer_comes_first_on_the_path(unpacked: Path) -> None:
    archives = {"platform": _zip({"python/a.py": "1"}), "wing": _zip({"python/b.py": "2"})}
    lambda_svc = SimpleNamespace(_resolve_layer_zip=archives.get)
    config = {"Layers": ["platform", "wing"], "Environment": {"Variables": {"X": "1"}}}
    shared = workers._with_shared_layers(config, lambda_svc)
    folders = shared["Environment"]["Variables"]["_LAMBDA_LAYERS_DIRS"].split(":")
    # The worker script puts each folder before those it has.
    assert [sorted(path.name for path in Path(f, "python").iterdir()) for f in folders] == [["b.py"], ["a.py"]]
    assert shared["Layers"] == []
    assert config["Layers"] == ["platform", "wing"]


class Pool:
    """As much of MiniStack's worker pool as the turnstile touches."""

    def __init__(self) -> None:
        self._workers: dict[str, list[SimpleNamespace]] = {}

    def _worker_key(self, name: str, _config: dict[str, Any], qualifier: str) -> str:
        return f"{name}:{qualifier}"

    def acquire_worker(self, name: str, _config: Any, _code: bytes, qualifier: str) -> tuple[SimpleNamespace, str]:
        workers = self._workers.setdefault(f"{name}:{qualifier}", [])
        free = [worker for worker in workers if not worker.in_use]
        worker = free[0] if free else SimpleNamespace(in_use=True)
        worker.in_use = True
        if not free:
            workers.append(worker)
        return worker, "reused" if free else "spawn"

    def release_worker(self, worker: SimpleNamespace) -> None:
        worker.in_use = False


def test_a_burst_shares_the_first_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ENOUGH_WORKERS", 1)
    turnstile = workers.Turnstile(Pool())
    first, _ = turnstile.acquire("f", {}, b"")
    threading.Timer(0.05, turnstile.release, [first]).start()
    assert turnstile.acquire("f", {}, b"") == (first, "reused")


def test_a_worker_that_does_not_come_back_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ENOUGH_WORKERS", 1)
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 0.01)
    turnstile = workers.Turnstile(Pool())
    first, _ = turnstile.acquire("f", {}, b"")
    second, how = turnstile.acquire("f", {}, b"")
    assert how == "spawn"
    assert second is not first
