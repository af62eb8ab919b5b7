"""Kills, chosen by a seed: after so many bytes on a link, at that very byte, the link or the gateway dies.

Every link of the gateway passes through a `Proxy` that counts. What is armed strikes when its link has carried its
bytes; then the next one is armed. The choice is the seed's alone; what the processes were doing then is theirs.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LINKS = ("ward", "platform", "hospital")


@dataclass(frozen=True)
class Kill:
    """What dies, after how many more bytes on a link; ``away`` is how many new connections are then refused."""

    victim: str
    link: str
    after: int
    away: int


def kills(seed: int, count: int) -> list[Kill]:
    """So many of them: links, and the gateway itself."""
    chance = random.Random(seed)

    def one() -> Kill:
        link = chance.choice(LINKS)
        victim = chance.choice((link, link, "gateway"))
        return Kill(victim, link, chance.randint(1, 500), chance.choice((0, 0, 1, 2)))

    return [one() for _ in range(count)]


@dataclass
class Chaos:
    """``kill_gateway`` returns when the next gateway has been started."""

    planned: list[Kill]
    kill_gateway: Callable[[], Awaitable[None]]
    struck: list[Kill] = field(default_factory=list)
    passed: int = 0

    @property
    def is_over(self) -> bool:
        return len(self.struck) == len(self.planned)

    def cut(self, link: str, size: int) -> int | None:
        """How many of the next bytes on a link get through before something dies; None for all."""
        if self.is_over or self.planned[len(self.struck)].link != link:
            return None
        left = self.planned[len(self.struck)].after - self.passed
        self.passed += size
        return left if size >= left else None

    def strike(self) -> Kill:
        """What was armed has struck."""
        kill = self.planned[len(self.struck)]
        self.struck.append(kill)
        self.passed = 0
        return kill


class Proxy:
    """One link: carries bytes both ways to ``port``, until it is cut."""

    def __init__(self, link: str, port: int, chaos: Chaos) -> None:
        self._link, self._target, self._chaos = link, port, chaos
        self._writers: set[asyncio.StreamWriter] = set()
        self._away = 0

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            self._drop()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            self._away -= 1
            writer.transport.abort()
            return
        try:
            upward, upstream = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, upstream}
        self._writers |= both
        try:
            await asyncio.gather(self._pump(reader, upstream), self._pump(upward, writer))
        except OSError:
            pass
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            through = self._chaos.cut(self._link, len(data))
            writer.write(data[:through])
            await writer.drain()
            if through is not None:
                await self._strike()
        raise ConnectionResetError

    async def _strike(self) -> None:
        kill = self._chaos.strike()
        if kill.victim == "gateway":
            await asyncio.shield(self._chaos.kill_gateway())
            return
        self._away = kill.away
        self._drop()

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
