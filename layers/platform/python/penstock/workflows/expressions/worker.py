"""The sandbox's process: QuickJS, and nothing else. Run as a script by `sandbox`, never imported.

QuickJS looks at its time limit only between bytecodes; a native loop (`Array(4e9).join()`) goes on for
minutes. Only the kernel stops that, so JavaScript runs in a process of its own: it has no environment, no
files and no network rights worth having, and a CPU timer kills it. A fresh context for every evaluation
(about 0.1 ms) leaves nothing that one expression could change for the next.

Frames on stdin and stdout: two (in) or one (out) texts, each UTF-8 after its length as 4 bytes, big endian.
Out first: `ready`, bare. In: the program and its data. Out: a letter, then text. V value (JSON), S the
program does not parse, R it threw, X the interpreter itself refused.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any, BinaryIO


def load(path: str) -> Any:
    """The QuickJS extension at `path`, without site-packages (and without `quickjs`, which starts a thread)."""
    spec = spec_from_loader("_quickjs", ExtensionFileLoader("_quickjs", path))
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lock_down(address_space: int) -> None:
    """No new files or sockets, no new processes, no core dumps (they would hold item data)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))


def fresh(quickjs: Any, seconds: float, memory: int, stack: int) -> Any:
    """A context that nothing ran in."""
    context = quickjs.Context()
    context.set_memory_limit(memory)
    context.set_time_limit(seconds)
    context.set_max_stack_size(stack)
    return context


def evaluate(quickjs: Any, context: Any, program: str, data: str, seconds: float) -> tuple[str, str]:
    """The answer's letter and text. The kernel ends the process at twice `seconds` of CPU time."""
    signal.setitimer(signal.ITIMER_PROF, 2 * seconds)
    try:
        return _run(quickjs, context, program, data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _run(quickjs: Any, context: Any, program: str, data: str) -> tuple[str, str]:
    letter = "S"
    try:
        function = context.eval(program)
        letter = "R"
        return "V", function(data)
    except quickjs.JSException as error:
        return letter, str(error)
    except (ValueError, TypeError, MemoryError, RuntimeError) as error:
        return "X", type(error).__name__


def read_text(stream: BinaryIO) -> str:
    """The next frame. Raises EOFError when the parent is gone."""
    size = stream.read(4)
    if len(size) < 4:
        raise EOFError
    return stream.read(int.from_bytes(size, "big")).decode("utf-8")


def write_text(stream: BinaryIO, text: str) -> None:
    payload = text.encode("utf-8", "replace")
    stream.write(len(payload).to_bytes(4, "big") + payload)
    stream.flush()


def serve(path: str, seconds: float, memory: int, stack: int) -> None:
    quickjs = load(path)
    lock_down(4 * memory + (256 << 20))
    with contextlib.suppress(EOFError, BrokenPipeError):
        sys.stdout.buffer.write(b"ready")
        sys.stdout.buffer.flush()
        while True:
            # made before the request is here: it costs more than most expressions
            context = fresh(quickjs, seconds, memory, stack)
            program, data = read_text(sys.stdin.buffer), read_text(sys.stdin.buffer)
            letter, text = evaluate(quickjs, context, program, data, seconds)
            write_text(sys.stdout.buffer, letter + text)


if __name__ == "__main__":
    serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
