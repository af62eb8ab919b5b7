"""How many HL7 v2 messages a second the MLLP gateway takes and sends, and how long an acknowledgment takes.

    python -m benchmarks.mllp [--seconds 5]

The gateway is a process of its own; senders, and a platform that stores at once in memory, are another. Each sender
waits for an answer before it sends the next message. In original mode that is AA, after the message was synced to the
disk, handed over by HTTP and answered; in enhanced mode CA, once it is synced. The peer is python-hl7's asyncio server
(`hl7.mllp`) in a process of its own: it parses and answers, and keeps nothing, so it shows what the protocol alone
takes. Outbound, a message is fetched from the platform, synced, sent to a receiver, and its answer synced and reported.
"""

import argparse
import asyncio
import itertools
import json
import socket
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine
from penstock_healthcare.hl7 import header_of
from penstock_mllp.frame import Decoder, Frame, encode

SAMPLE = Path(__file__).parent.parent / "events" / "messages" / "hl7v2_oru_r01_critical.hl7"
CONNECTIONS = (1, 100)
DESTINATIONS = (1, 10)
OUTBOUND = 400
START_SECONDS = 30
STORED = {"id": "1", "status": "stored", "acknowledgment": "AA", "errors": []}


@dataclass(frozen=True)
class Figure:
    """What a run came to; times in milliseconds."""

    name: str
    connections: int
    rate: float
    p50: float
    p99: float

    @property
    def row(self) -> str:
        """A row of the table."""
        return f"| {self.name} | {self.connections} | {self.rate:,.0f} | {self.p50:.1f} | {self.p99:.1f} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--peer", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        asyncio.run(_peer(given.peer))
        return
    print("| | connections | messages/s | answer p50, ms | p99, ms |\n| --- | ---: | ---: | ---: | ---: |")
    for figure in asyncio.run(_measured(given.seconds)):
        print(figure.row, flush=True)
    print(f"\n{machine()}; messages of {SAMPLE.stat().st_size} bytes")


async def _measured(seconds: float) -> list[Figure]:
    figures = []
    for connections in CONNECTIONS:
        async with _gateway() as port:
            figures.append(await _load("in, AA once the platform has it", port, connections, seconds, ""))
        async with _gateway() as port:
            figures.append(await _load("in, CA once it is on the disk", port, connections, seconds, "|||AL|NE"))
        async with _process("benchmarks.mllp", port := _free_port(), "--peer", str(port)):
            figures.append(await _load("peer: python-hl7, keeps nothing", port, connections, seconds, ""))
    return [*figures, *[await _sent_out(count) for count in DESTINATIONS]]


async def _load(name: str, port: int, connections: int, seconds: float, mode: str) -> Figure:
    """Senders side by side for so many seconds, after a moment to warm up."""
    await asyncio.gather(*(_sender(port, number, seconds / 10, mode) for number in range(connections)))
    began = time.perf_counter()
    answered = await asyncio.gather(*(_sender(port, number, seconds, mode) for number in range(connections)))
    times = sorted(each for sender in answered for each in sender)
    return _figure(name, connections, times, time.perf_counter() - began)


def _figure(name: str, connections: int, times: list[float], seconds: float) -> Figure:
    p99 = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
    return Figure(name, connections, len(times) / seconds, statistics.median(times) * 1e3, p99 * 1e3)


async def _sender(port: int, number: int, seconds: float, mode: str) -> list[float]:
    """One system on one connection; how long each answer took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    message, decoder, times = _messages(number, mode), Decoder(100_000), list[float]()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        writer.write(encode(message()))
        answers: list[Any] = []
        while not answers:
            data = await reader.read(65_536)
            if not data:
                raise ConnectionResetError("the server hung up")
            answers = [each for each in decoder.feed(data) if isinstance(each, Frame)]
        if b"\rMSA|AA|" not in answers[0].content and b"\rMSA|CA|" not in answers[0].content:
            raise ValueError(f"not accepted: {answers[0].content!r}")
        times.append(time.perf_counter() - began)
    writer.close()
    return times


def _messages(sender: int, mode: str) -> Callable[[], bytes]:
    """Messages of one system, each with a control id of its own."""
    header, rest = SAMPLE.read_bytes().split(b"\r", 1)
    fields = header.split(b"|")
    fields[2] = b"S%d" % sender
    fields = [*fields[:12], *mode.encode().split(b"|")[1:]] if mode else fields[:12]

    def message() -> bytes:
        fields[9] = b"%d-%d" % (sender, time.perf_counter_ns())
        return b"|".join(fields) + b"\r" + rest

    return message


async def _sent_out(destinations: int) -> Figure:
    """Messages queued before the gateway starts, to so many receivers; the times are those between two answers."""
    from penstock_healthcare.hl7 import acknowledge
    from tests.unit.mllp.hospital import NOW
    from tests.unit.mllp.platform import MemoryPlatform, over_http

    platform, times = MemoryPlatform(), list[float]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder(100_000)
        while data := await reader.read(65_536):
            for frame in decoder.feed(data):
                if isinstance(frame, Frame):
                    times.append(time.perf_counter())
                    answer = acknowledge(header_of(frame.content), "AA", control_id="1", timestamp=NOW)
                    writer.write(encode(answer))

    for number in range(OUTBOUND):
        name = f"d{number % destinations}"
        platform.queue(f"m{number}", name, _messages(number, "")(), str(number // 100))
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with over_http(platform.answer) as api:
        tables = {f"d{number}": {"address": address} for number in range(destinations)}
        async with _gateway(api, destinations=json.dumps(tables), poll_interval="0.05"):
            while len(times) < OUTBOUND:
                await asyncio.sleep(0.01)
    server.close()
    gaps = [after - before for before, after in itertools.pairwise(times)]
    return _figure("out: fetched, sent, reported (times between two)", destinations, gaps, times[-1] - times[0])


@asynccontextmanager
async def _gateway(api: int = 0, **settings: str) -> AsyncIterator[int]:
    """A gateway in a process of its own, in front of a platform that stores at once; gives its port."""
    from tests.unit.mllp.platform import over_http

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "key").write_text("key")
        async with over_http(lambda *_: (201, STORED)) as stored:
            port = _free_port()
            arguments = [f"--listen=127.0.0.1:{port}", f"--url=http://127.0.0.1:{api or stored}"]
            arguments += [f"--api-key-file={folder}/key", f"--outbox={folder}/outbox", "--max-connections=200"]
            arguments += [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
            async with _process("penstock_mllp", port, *arguments):
                yield port


@asynccontextmanager
async def _process(module: str, port: int, *arguments: str) -> AsyncIterator[None]:
    """A Python module as a process, once its port is open."""
    command = [sys.executable, "-m", module, *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _is_open(port):
                if process.returncode is not None:
                    raise RuntimeError(f"{module} ended with {process.returncode}")
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _peer(port: int) -> None:
    """python-hl7's server, as its documentation sets it up."""
    from hl7.mllp import start_hl7_server  # type: ignore[import-untyped]

    async def serve(reader: Any, writer: Any) -> None:
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                break
            writer.writemessage(message.create_ack())
            await writer.drain()

    async with await start_hl7_server(serve, host="127.0.0.1", port=port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    main()
