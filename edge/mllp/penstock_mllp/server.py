"""The listener: many connections, each served until its peer hangs up, stays silent, or sends junk."""

import asyncio
import logging

from penstock_mllp.connection import Connection, turn_away
from penstock_mllp.gateway import Gateway
from penstock_mllp.settings import Settings
from penstock_mllp.tls import names_of, tls_context

logger = logging.getLogger("penstock_mllp")

_MOST_TURNED_AWAY = 32
"""Connections over the limit that are told so at a time; further ones are cut."""


class Server:
    """One listening address."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._names = frozenset(name.lower() for name in settings.tls_client_names)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._turned_away: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        """How many are served."""
        return len(self._connections)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address, with the port that was chosen when 0 was asked for."""
        host, port = self._settings.address
        self._server = await asyncio.start_server(self._accept, host, port, ssl=tls_context(self._settings))
        bound = self._server.sockets[0].getsockname()
        return bound[0], bound[1]

    async def stop(self) -> None:
        """Read no more, answer what was read within ``stop_timeout``, close."""
        self._stopping = True
        if self._server:
            self._server.close()
        for connection in self._connections.values():
            connection.end_input()
        tasks = list(self._connections)
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.stop_timeout)
        tasks += self._turned_away
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        task = asyncio.current_task()
        if task is None or self._stopping or not self._admits(writer):
            self._gateway.counters["connections_refused"] += 1
            logger.warning("connection refused, stopping or a certificate of somebody else: %s", peer)
            writer.transport.abort()
            return
        if len(self._connections) >= self._settings.max_connections:
            await self._turn_away(task, reader, writer, peer)
            return
        self._gateway.counters["connections"] += 1
        self._connections[task] = Connection(self._gateway, self._settings, reader, writer, peer)
        try:
            await self._serve(self._connections[task], peer)
        except asyncio.CancelledError:
            # Only `stop` cancels; nobody awaits this task, and asyncio would log the cancellation as an error.
            logger.warning("connection cut off with answers outstanding: %s", peer)
        finally:
            del self._connections[task]
            writer.close()

    def _admits(self, writer: asyncio.StreamWriter) -> bool:
        """A peer that showed no certificate was let in by the handshake: where that is optional."""
        certificate = writer.get_extra_info("peercert")
        return not self._names or not certificate or not self._names.isdisjoint(names_of(certificate))

    async def _turn_away(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> None:
        self._gateway.counters["connections_refused"] += 1
        logger.warning("connection refused, %d are served: %s", len(self._connections), peer)
        if len(self._turned_away) >= _MOST_TURNED_AWAY:
            writer.transport.abort()
            return
        self._turned_away.add(task)
        try:
            await turn_away(self._gateway, self._settings, reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._turned_away.discard(task)
            writer.close()

    async def _serve(self, connection: Connection, peer: str) -> None:
        try:
            await connection.serve()
        except* OSError as lost:
            logger.info("connection lost: %s %s", peer, type(lost.exceptions[0]).__name__)
