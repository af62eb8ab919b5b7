"""Lambda worker processes that start quickly, outlive an exception and do not wait for logs.

- Layers are unpacked once per content under a folder that all workers share, not once per process; the second worker
  also finds the byte code of the first.
- A handler that raises ends its invocation, not its process, as on AWS.
- The worker ends each invocation's log by a marker line, so nobody waits to see whether more is coming.
- A burst waits a moment for a worker that is about to be free: starting one more costs more than that on a few cores.
"""

import hashlib
import io
import json
import os
import queue
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

END_OF_LOG = "\x1epenstock-end-of-log"
LOG_WAIT_SECONDS = 0.5
ANSWER = '_real_stdout.write(json.dumps({"status": '
UNPACKED = Path(os.environ.get("PENSTOCK_LOCAL_HOME", tempfile.gettempdir())) / "layers"

ENOUGH_WORKERS = (os.cpu_count() or 1) + 2
PATIENCE_SECONDS = 1.0

_unpacking = threading.Lock()


def with_end_of_log(script: str) -> str:
    """The worker script that marks the end of an invocation's log before it answers."""
    head, loop, body = script.partition("    while True:\n")
    if not loop or ANSWER not in body:
        raise RuntimeError("the worker script is not that of the pinned MiniStack")
    marked = body.replace(ANSWER, f"print({END_OF_LOG!r}, file=sys.stderr, flush=True); {ANSWER}")
    return head + loop + marked


def unpack(archive: bytes) -> Path:
    """The folder that holds `archive` unpacked; shared by every worker that has this layer."""
    folder = UNPACKED / hashlib.sha256(archive).hexdigest()[:32]
    with _unpacking:
        if not folder.is_dir():
            UNPACKED.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=UNPACKED))
            with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
                bundle.extractall(scratch)
            scratch.rename(folder)
    return folder


def warm_worker(runtime: Any, lambda_svc: Any) -> type[Any]:
    """MiniStack's worker with the three changes above."""

    class WarmWorker(runtime.Worker):  # type: ignore[misc]
        config: dict[str, Any]
        _proc: Any

        def _spawn(self) -> None:
            self.config = _with_shared_layers(self.config, lambda_svc)
            super()._spawn()

        def invoke(
            self,
            event: Any,
            request_id: str,
            *,
            trace_id: str | None = None,
            depth: int | None = None,
            durable: dict[str, str] | None = None,
            invoked_function_arn: str | None = None,
        ) -> dict[str, Any]:
            timeout = float(self.config.get("Timeout", 30))
            context = {
                "request_id": request_id,
                "invoked_function_arn": invoked_function_arn or self.config.get("FunctionArn", ""),
                "timeout_ms": int(timeout * 1000),
                "trace_id": trace_id,
                "depth": depth,
                "durable": durable or {},
            }
            with self._lock:
                cold = self._proc is None or self._proc.poll() is not None
                if cold:
                    self._spawn()
                    self._cold = False
                answer = self._exchange(json.dumps({"event": event, "ctx": context}), timeout)
                return answer | {"cold_start": cold, "log": self._log()}

        def _exchange(self, line: str, timeout: float) -> dict[str, Any]:
            """One request line for one answer line; a process that does not answer in time is ended."""
            answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
            threading.Thread(target=_converse, args=(self._proc, line, answers), daemon=True).start()
            try:
                answer = answers.get(timeout=timeout)
            except queue.Empty:
                answer = {"status": "error", "error": f"Task timed out after {int(timeout)}.00 seconds", "dead": True}
            if answer.pop("dead", False):
                process, self._proc = self._proc, None
                runtime._signal(process)
                runtime._collect(process, time.monotonic() + runtime._REAP_GRACE)
            return answer

        def _log(self) -> str:
            lines: list[str] = []
            deadline = time.monotonic() + LOG_WAIT_SECONDS
            while self._proc is not None and (left := deadline - time.monotonic()) > 0:
                try:
                    line = self._stderr_queue.get(timeout=left)
                except queue.Empty:
                    break
                if line == END_OF_LOG:
                    break
                lines.append(line)
            return "\n".join(lines)

    return WarmWorker


class Turnstile:
    """Lends out workers of a function; past `ENOUGH_WORKERS` one more starts only when none came back in time.

    The wait is bounded, since the worker waited for may itself be waiting for the caller.
    """

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._returned = threading.Condition()

    def acquire(self, name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST") -> tuple[Any, str]:
        key = self._runtime._worker_key(name, config, qualifier)
        with self._returned:
            self._returned.wait_for(lambda: self._may_take(key), timeout=PATIENCE_SECONDS)
            lent: tuple[Any, str] = self._runtime.acquire_worker(name, config, code, qualifier=qualifier)
            return lent

    def release(self, worker: Any) -> None:
        self._runtime.release_worker(worker)
        with self._returned:
            self._returned.notify_all()

    def _may_take(self, key: str) -> bool:
        workers = self._runtime._workers.get(key, [])
        return len(workers) < ENOUGH_WORKERS or any(not worker.in_use for worker in workers)


def _converse(process: Any, line: str, answers: "queue.SimpleQueue[dict[str, Any]]") -> None:
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        answers.put(json.loads(answer) if answer else {"status": "error", "error": "Worker process died", "dead": True})
    except (OSError, ValueError) as error:
        answers.put({"status": "error", "error": str(error), "dead": True})


def _with_shared_layers(config: dict[str, Any], lambda_svc: Any) -> dict[str, Any]:
    """The configuration whose layers are folders named in the environment, which the worker script reads."""
    archives = (lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers", ()))
    folders = [str(unpack(archive)) for archive in archives if archive]
    if not folders:
        return config
    variables = config.get("Environment", {}).get("Variables", {})
    # The worker puts each folder before the ones it has, so the first layer must come last to win, as on AWS.
    shared = {**variables, "_LAMBDA_LAYERS_DIRS": os.pathsep.join(reversed(folders))}
    return {**config, "Layers": [], "Environment": {"Variables": shared}}
