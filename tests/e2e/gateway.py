"""The MLLP gateway as a process of its own, and a sender that speaks MLLP over a plain socket."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.tenant import Tenant, eventually

BEGIN, END = b"\x0b", b"\x1c\r"
SECONDS = 60.0
STOP_SECONDS = 20.0
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Gateway:
    """Where it listens."""

    port: int

    def send(self, messages: Sequence[bytes]) -> list[bytes]:
        """Send all over one connection, without waiting in between; the acknowledgments in their order."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            connection.sendall(b"".join(BEGIN + message + END for message in messages))
            received = b""
            while received.count(END) < len(messages):
                data = connection.recv(65_536)
                assert data, f"the gateway hung up after {received!r}"
                received += data
        return [frame.removeprefix(BEGIN) for frame in received.split(END)[:-1]]


@contextmanager
def gateway(tenant: Tenant, folder: Path) -> Iterator[Gateway]:
    """`python -m penstock_mllp` on a free port, delivering to the deployed API as the tenant."""
    key, log = folder / "key", folder / "gateway.log"
    key.write_text(tenant.http.headers["X-API-Key"], encoding="utf-8")
    arguments = {
        "--listen": "127.0.0.1:0",
        "--url": str(tenant.http.base_url),
        "--api-key-file": str(key),
        "--outbox": str(folder / "outbox"),
        "--ack-timeout": "30",
    }
    command = [sys.executable, "-m", "penstock_mllp", *(part for pair in arguments.items() for part in pair)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            yield Gateway(eventually("the gateway listens", lambda: _port(process, log)))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_SECONDS) == 0, log.read_text(encoding="utf-8")


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int | None:
    text = log.read_text(encoding="utf-8")
    assert process.poll() is None, f"the gateway ended: {text}"
    found = _LISTENING.search(text)
    return int(found[1]) if found else None
