"""Evaluate JavaScript in the sandbox's process, with bounds that hold whatever the JavaScript does.

One worker process per process, started at the first expression that needs JavaScript, ended with it (its
stdin closes). Evaluations take turns. A worker that ran over its time is replaced.

SandboxDiedError         the worker gave no answer to this program
SandboxUnavailableError  there is no worker; trying again elsewhere or later may do
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` is CPU time (checked between bytecodes; the kernel kills at twice that), `wall_seconds` the
    longest wait for an answer on a crowded machine; `memory` and `stack` are QuickJS's, in bytes."""

    seconds: float = 0.25
    wall_seconds: float = 10.0
    memory: int = 64 << 20
    stack: int = 256 << 10


class SandboxDiedError(Exception):
    """The worker gave no answer: it was killed for its time, or QuickJS crashed."""


class SandboxUnavailableError(RuntimeError):
    """The worker cannot start: a fault of the deployment or the machine, never of an expression."""


_WORKER: Final = Path(__file__).with_name("worker.py")
READY: Final = b"ready"
"""What a worker writes before its first answer."""
_CHUNK: Final = 1 << 16
_KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ", "SYSTEMROOT")
"""What an interpreter may need to start; above all no credentials."""


class Sandbox:
    """A worker process and its pipes. Safe to call from several threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def evaluate(self, program: str, data: str) -> tuple[str, str]:
        """The answer's letter and text, as `worker` defines them. Raises SandboxDiedError, SandboxUnavailableError."""
        frames = b"".join(_frame(text) for text in (program, data))
        with self._lock:
            process = self._running()
            deadline = time.monotonic() + self._limits.wall_seconds
            try:
                _write(process, frames, deadline)
                size = int.from_bytes(_read(process, 4, deadline), "big")
                answer = _read(process, size, deadline).decode("utf-8")
            except BaseException as error:
                self._stop()
                if isinstance(error, (OSError, EOFError)):
                    raise SandboxDiedError from error
                raise
        return answer[0], answer[1:]

    def close(self) -> None:
        """End the worker; the next evaluation starts another."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        # after a fork, too: to the child the worker is none of its own, and poll calls it ended
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._process is None:
            self._process = _start(self._limits)
            self._await_start(self._process)
        return self._process

    def _await_start(self, process: subprocess.Popen[bytes]) -> None:
        try:
            _read(process, len(READY), time.monotonic() + self._limits.wall_seconds)
        except (OSError, EOFError) as error:
            self._stop()
            raise SandboxUnavailableError("the sandbox's worker did not start") from error

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream:
                # bytes that a dead worker did not read
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait(timeout=self._limits.wall_seconds)


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    spec = find_spec("_quickjs")
    if spec is None or spec.origin is None:
        raise SandboxUnavailableError("the package quickjs-ng is not installed")
    process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own script
        [
            sys.executable,
            "-ISB",
            str(_WORKER),
            spec.origin,
            str(limits.seconds),
            str(limits.memory),
            str(limits.stack),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd="/",
        env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
    )
    for stream in (process.stdin, process.stdout):
        if stream:
            os.set_blocking(stream.fileno(), False)
    return process


def _frame(text: str) -> bytes:
    payload = text.encode("utf-8", "surrogatepass")
    return len(payload).to_bytes(4, "big") + payload


def _wait(file: int, event: int, deadline: float) -> None:
    """Until `file` can be read or written. Raises TimeoutError (an OSError) past the deadline."""
    poll = select.poll()
    poll.register(file, event)
    if not poll.poll(1000 * max(0.0, deadline - time.monotonic())):
        raise TimeoutError


def _write(process: subprocess.Popen[bytes], frames: bytes, deadline: float) -> None:
    """Raises OSError when the worker is gone."""
    assert process.stdin is not None
    file, rest = process.stdin.fileno(), memoryview(frames)
    while rest:
        _wait(file, select.POLLOUT, deadline)
        rest = rest[os.write(file, rest[:_CHUNK]) :]


def _read(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    """Exactly `size` bytes. Raises EOFError when the worker is gone, OSError past the deadline."""
    assert process.stdout is not None
    file, chunks = process.stdout.fileno(), list[bytes]()
    while size:
        _wait(file, select.POLLIN, deadline)
        chunk = os.read(file, min(size, _CHUNK))
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


_SHARED: Final = Sandbox()
atexit.register(_SHARED.close)


def shared() -> Sandbox:
    """The sandbox of this process."""
    return _SHARED
