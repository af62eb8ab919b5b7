"""The MLLP gateway as it runs on a ward: a process of its own, with a key that may only hand messages over."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from penstock_cli.api import Api
from penstock_cli.errors import Failure

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
ACK_SECONDS = 60
"""The first message wakes functions that have never run, which takes seconds on a local stack."""
_LISTENING = re.compile(r"listening on \S+:(\d+)")


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def runs(self) -> bool:
        """Whether its process has not ended."""
        return self.process.poll() is None


@contextmanager
def gateway(api: Api, home: Path) -> Iterator[Gateway]:
    """A gateway to the platform on a free port. Its log lies in `home`; leaving stops it and removes key and outbox.

    Raises ApiProblem, Unreachable, and Failure when it does not start.
    """
    home.mkdir(exist_ok=True)
    log = home / "mllp.log"
    with tempfile.TemporaryDirectory(prefix="mllp-", dir=home) as folder:
        key_file, outbox = Path(folder, "api-key"), Path(folder, "outbox")
        write_secret(key_file, new_key(api))
        process = _start(api.url, key_file, outbox, log)
        try:
            yield Gateway(process, _port(process, log), log)
        finally:
            _stop(process)


def new_key(api: Api) -> str:
    """A key of the tenant that may only hand messages over."""
    return str(api.post("/v1/keys", {"name": "MLLP gateway", "scopes": ["ingest"]}, is_repeatable=False)["key"])


def write_secret(file: Path, secret: str) -> None:
    """A new file that only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(secret)


def _start(url: str, key_file: Path, outbox: Path, log: Path) -> "subprocess.Popen[bytes]":
    options = {
        "--listen": f"{HOST}:0",
        "--name": "demo ward",
        "--url": url,
        "--api-key-file": str(key_file),
        "--outbox": str(outbox),
        "--ack-timeout": str(ACK_SECONDS),
        "--request-timeout": "30",
    }
    command = [sys.executable, "-m", "penstock_mllp", *(part for option in options.items() for part in option)]
    with log.open("wb") as target:
        return subprocess.Popen(  # noqa: S603 - our own module with our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to pass on
        )


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := _LISTENING.search(log.read_text(encoding="utf-8", errors="replace")):
            return int(found.group(1))
        time.sleep(POLL_SECONDS)
    raise Failure(f"the MLLP gateway did not start; its log: {log}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
