"""The gateway's process is killed: nothing is lost, nothing is stored twice."""

import asyncio
import random
import signal
import socket
import ssl
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from pathlib import Path

import pytest

from penstock_healthcare.hl7 import parse
from penstock_mllp.errors import NoAcknowledgment
from penstock_mllp.sender import send_messages
from tests.unit.mllp.cloud import API_KEY, FakeCloud, stored
from tests.unit.mllp.test_gateway import message, until


class GatewayProcess:
    """`python -m penstock_mllp` on a port of its own."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "key").write_text(API_KEY)
        self.arguments = [f"--listen=127.0.0.1:{self.port}", f"--url={url}", f"--api-key-file={folder / 'key'}"]
        self.arguments += [f"--outbox={folder / 'outbox'}", "--retry-base=0.05", "--retry-cap=0.2"]
        self.arguments += [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        self.process: Process | None = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "penstock_mllp", *self.arguments]
        self.process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        async with asyncio.timeout(20):
            while not await self._listens():
                assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def stop(self, number: int) -> int:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    @property
    def pending(self) -> int:
        return len(list((self.folder / "outbox" / "pending").glob("[0-9]*")))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def deliver(port: int, batch: list[bytes], tls: ssl.SSLContext | None = None, pause: float = 0.05) -> None:
    """As a sender does: everything without an AA is sent again, in order, until all have one."""
    while batch:
        try:
            answers = await send_messages("127.0.0.1", port, batch, tls, timeout=10)
        except NoAcknowledgment as cut:
            answers = cut.acknowledged
        except OSError:
            answers = []
        accepted = [parse(answer)["MSA-1"] == "AA" for answer in answers]
        batch = [item for item, done in zip(batch, accepted + [False] * len(batch), strict=False) if not done]
        await asyncio.sleep(pause)


def test_messages_held_when_the_process_is_killed_are_delivered_once_by_the_next(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    batch = [message(str(number)) for number in range(20)]

    async def run() -> None:
        async with cloud.running():
            url = cloud.url
        gateway = GatewayProcess(tmp_path, url, ack_timeout="0.5")
        await gateway.start()
        answers = await send_messages("127.0.0.1", gateway.port, batch, timeout=20)
        assert {parse(answer)["MSA-1"] for answer in answers} == {"AE"}
        await gateway.stop(signal.SIGKILL)
        assert gateway.pending == 20
        async with cloud.running():
            await gateway.start()
            await until(lambda: gateway.pending == 0, 20)
            assert await gateway.stop(signal.SIGTERM) == 0

    asyncio.run(run())
    assert cloud.messages == batch


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killing_process_and_platform_at_random_loses_and_doubles_nothing(
    cloud: FakeCloud, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    batch = [message(f"{seed}-{number}") for number in range(60)]
    cloud.answer = lambda raw, number: stored() if chance.random() > 0.1 else (503, {})
    cloud.delay = 0.01

    async def kill_often(gateway: GatewayProcess) -> None:
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            await gateway.stop(signal.SIGKILL)
            await gateway.start()

    async def run() -> None:
        async with asyncio.timeout(90), cloud.running():
            gateway = GatewayProcess(tmp_path, cloud.url, ack_timeout="2")
            await gateway.start()
            try:
                await asyncio.gather(deliver(gateway.port, batch), kill_often(gateway))
                await until(lambda: gateway.pending == 0, 20)
            finally:
                await gateway.stop(signal.SIGTERM)

    asyncio.run(run())
    assert sorted(cloud.messages) == sorted(batch)


def test_a_second_process_does_not_deliver_from_the_same_outbox(cloud: FakeCloud, tmp_path: Path) -> None:
    async def run() -> int:
        first = GatewayProcess(tmp_path, "http://127.0.0.1:9")
        await first.start()
        second = GatewayProcess(tmp_path, "http://127.0.0.1:9")
        command = [sys.executable, "-m", "penstock_mllp", *second.arguments]
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        async with asyncio.timeout(20):
            status = await process.wait()
        await first.stop(signal.SIGTERM)
        return status

    assert asyncio.run(run()) == 1
