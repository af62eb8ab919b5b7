"""Two hundred kills while messages flow both ways: connections cut at any byte, the platform away, gateways killed.

What came in stands in the platform exactly once, byte for byte. What went out reached its receiver at least once, in
order, the same bytes each time, and is recorded once. The platform's part is played by its own services in memory.
"""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock_healthcare.hl7 import header_of
from tests.unit.mllp.chaos import Chaos, Proxy, kills
from tests.unit.mllp.cloud import API_KEY
from tests.unit.mllp.hospital import Authority, Hospital
from tests.unit.mllp.nursery import Nursery
from tests.unit.mllp.platform import TENANT, MemoryPlatform, over_http
from tests.unit.mllp.test_crash import deliver, free_port
from tests.unit.mllp.test_gateway import message, until
from tests.unit.mllp.test_outbound import order

SECONDS = 120
WARDS = ("LAB", "RIS", "ICU")
DESTINATIONS = ("lab", "pharmacy")
MOST_WAITING = 6


class Scene:
    """A ward, a gateway, the platform and a hospital, with a proxy on each link."""

    def __init__(self, folder: Path, seed: int, number: int, *, tls: bool) -> None:
        self.folder = folder
        self.authority = Authority(folder / "pki") if tls else None
        self.platform = MemoryPlatform(haste=300)
        self.hospitals = {name: Hospital() for name in DESTINATIONS}
        self.chaos = Chaos(kills(seed, number), self._replace_gateway)
        self.sent: list[bytes] = []
        self.queued: dict[str, list[bytes]] = {name: [] for name in DESTINATIONS}
        self.ward_port = 0
        self._unsettled: list[str] = []
        self._nursery: Nursery | None = None

    async def run(self) -> None:
        """Everything at once until the last kill has struck, and then until all has arrived."""
        async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
            await self._set_up(stack)
            flows = [self._ward(name) for name in WARDS] + [self._workflow(name) for name in DESTINATIONS]
            await asyncio.gather(*flows)
            await until(lambda: not self._waiting() and not self._on_disk(), 20)

    async def _set_up(self, stack: AsyncExitStack) -> None:
        api = await stack.enter_async_context(over_http(self.platform.answer))
        api_proxy = await stack.enter_async_context(Proxy("platform", api, self.chaos).listening())
        tables = {name: await self._hospital(stack, name) for name in DESTINATIONS}
        listening = free_port()
        self._nursery = Nursery(self._arguments(listening, api_proxy, tables))
        await self._nursery.start()
        stack.push_async_callback(self._nursery.stop)
        self.ward_port = await stack.enter_async_context(Proxy("ward", listening, self.chaos).listening())

    async def _hospital(self, stack: AsyncExitStack, name: str) -> dict[str, Any]:
        tls = self.authority.listening() if self.authority else None
        port = await stack.enter_async_context(self.hospitals[name].listening(tls))
        proxy = await stack.enter_async_context(Proxy("hospital", port, self.chaos).listening())
        trusted = {"tls": "on", "tls_ca": str(self.authority.ca_file)} if self.authority else {}
        return {"address": f"127.0.0.1:{proxy}", "ack_timeout": 2, **trusted}

    def _arguments(self, port: int, api: int, destinations: dict[str, Any]) -> list[str]:
        (self.folder / "key").write_text(API_KEY)
        given: dict[str, Any] = {
            "listen": f"127.0.0.1:{port}",
            "url": f"http://127.0.0.1:{api}",
            "api-key-file": self.folder / "key",
            "outbox": self.folder / "outbox",
            "retry-base": 0.01,
            "retry-cap": 0.1,
            "ack-timeout": 1,
            "poll-interval": 0.02,
            "destinations": json.dumps(destinations),
        }
        if self.authority:
            certificate, key = self.authority.server
            given |= {"tls-certificate": certificate, "tls-key": key}
        return [f"--{name}={value}" for name, value in given.items()]

    async def _replace_gateway(self) -> None:
        assert self._nursery
        await self._nursery.replace()

    async def _ward(self, sender: str) -> None:
        tls = self.authority.calling() if self.authority else None
        for number in count():
            if self.chaos.is_over and number:
                return
            batch = [message(f"{sender}{number}-{place}", sender) for place in range(3)]
            self.sent += batch
            await deliver(self.ward_port, batch, tls, pause=0.005)

    async def _workflow(self, destination: str) -> None:
        for number in count():
            if self.chaos.is_over and number:
                return
            raw = order(f"{destination}{number}")
            self.queued[destination].append(raw)
            self.platform.queue(f"{destination}{number}", destination, raw, f"{destination}-execution-{number // 10}")
            self._unsettled.append(f"{destination}{number}")
            while len(self._waiting()) > MOST_WAITING:
                await asyncio.sleep(0.005)

    def _waiting(self) -> list[str]:
        """The messages that are not settled; what is settled is not looked at again."""
        self._unsettled = [
            name for name in self._unsettled if self.platform.outbound.get(TENANT, name).status == "queued"
        ]
        return self._unsettled

    def _on_disk(self) -> list[Path]:
        return list((self.folder / "outbox").rglob("pending/[0-9]*"))


@pytest.mark.parametrize(("seed", "number", "tls"), [(1, 120, False), (2, 80, True)], ids=["plain", "tls"])
def test_two_hundred_kills_lose_and_double_nothing(tmp_path: Path, seed: int, number: int, tls: bool) -> None:
    scene = Scene(tmp_path, seed, number, tls=tls)
    asyncio.run(scene.run())
    assert len(scene.chaos.struck) == number
    assert {kill.victim for kill in scene.chaos.struck} == {"ward", "platform", "hospital", "gateway"}
    came_in_once(scene)
    for destination in DESTINATIONS:
        went_out_in_order(scene, destination)


def came_in_once(scene: Scene) -> None:
    """Every message that a ward sent is stored, by one event, byte for byte; and nothing else is."""
    events = scene.platform.events("hl7_message")
    assert all(Counter(event.type for event in each)["HL7MessageStored"] == 1 for each in events.values())
    stored = [scene.platform.messages.get(TENANT, key).content for key in events]
    assert sorted(stored) == sorted(scene.sent)


def went_out_in_order(scene: Scene, destination: str) -> None:
    """The receiver met the messages in order, repeats being the same bytes; each is recorded as acknowledged once."""
    received, sent = scene.hospitals[destination].received, scene.queued[destination]
    assert list(dict.fromkeys(received)) == sent
    assert len({header_of(raw).control_id for raw in received}) == len(sent)
    for number in range(len(sent)):
        types = [event.type for event in scene.platform.events("hl7_outbound")[f"{destination}{number}"]]
        assert types == ["HL7MessageQueued", "HL7MessageAcknowledged"]
