"""The emulator's process: start it on a free port, wait until it answers, stop it with all its workers."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from local.errors import StartError
from local.home import HOME, LOG, ROOT, STATE, State, load_state

PYTHON = ROOT / ".cache/ministack/bin/python"
DEFAULT_PORT = 4566
START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
PROBE_SECONDS = 2.0
LOG_LINES = 15


def running() -> State | None:
    """The state of the emulator when it answers, else None."""
    state = load_state()
    return state if state and _is_ours(state) and answers(state.endpoint) else None


def start() -> State:
    """Starts the emulator, or finds it running. Raises `StartError`."""
    return running() or _start()


def _start() -> State:
    if not PYTHON.is_file():
        raise StartError(f"{PYTHON.relative_to(ROOT)} is missing; run `make setup`")
    stop()
    port = free_port()
    HOME.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "local.emulator.launch", str(port)],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to pass on, and the group can be ended as one
        )
    state = State(process.pid, port)
    state.save()
    _wait_until_ready(state, process)
    return state


def _environment() -> dict[str, str]:
    """Ours without what would send the emulator or its functions to a real account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PENSTOCK_", "PYTHON"))}
    return kept | {"PENSTOCK_LOCAL_HOME": str(HOME), "PYTHONUNBUFFERED": "1"}


def _wait_until_ready(state: State, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(f"the emulator ended with exit code {process.returncode}:\n{log_tail()}")
        if answers(state.endpoint):
            return
        time.sleep(POLL_SECONDS)
    stop()
    raise StartError(f"the emulator did not answer within {START_SECONDS:.0f} s:\n{log_tail()}")


def stop() -> bool:
    """Ends the emulator and every worker in its process group; whether there was one."""
    state = load_state()
    if state is None:
        return False
    was_ours = _is_ours(state)
    if was_ours:
        _end(state.pid)
    STATE.unlink(missing_ok=True)
    return was_ours


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(POLL_SECONDS)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass  # started by another run, so not ours to collect
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _is_ours(state: State) -> bool:
    """Whether the process is our launcher and not a later one with the same id."""
    try:
        with open(f"/proc/{state.pid}/cmdline", "rb") as file:  # noqa: PTH123
            command = file.read().decode(errors="replace")
    except OSError:
        return _alive(state.pid) if not os.path.isdir("/proc") else False  # noqa: PTH112
    return "local.emulator.launch" in command and str(state.port) in command.split("\0")


def answers(endpoint: str) -> bool:
    """Whether the emulator says that it is healthy."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=PROBE_SECONDS) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """The usual port of a local AWS, or any free one when it is taken."""
    for port in (DEFAULT_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("no free port on 127.0.0.1")


def log_tail() -> str:
    """The last lines that the emulator wrote."""
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
