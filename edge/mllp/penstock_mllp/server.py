"""The listener: many connections, many messages in flight on each, acknowledgments in the order of the messages."""

import asyncio
import logging
import ssl

from penstock_mllp.errors import BadSetting
from penstock_mllp.frame import Decoder, Junk, encode
from penstock_mllp.gateway import Gateway
from penstock_mllp.settings import Settings

logger = logging.getLogger("penstock_mllp")

_READ_BYTES = 65_536
_MOST_JUNK = 65_536
_WRITE_TIMEOUT = 30.0


class Server:
    """One listening address. A connection ends when its peer hangs up, stays silent, or sends junk."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._stopping = False
        self._server: asyncio.Server | None = None

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
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        task = asyncio.current_task()
        if task is None or self._stopping or len(self._connections) >= self._settings.max_connections:
            logger.warning("connection refused, too many or stopping: %s", peer)
            writer.transport.abort()
            return
        self._connections[task] = _Connection(self._gateway, self._settings, reader, writer, peer)
        try:
            await self._serve(self._connections[task], peer)
        except asyncio.CancelledError:
            # Only `stop` cancels; nobody awaits this task, and asyncio would log the cancellation as an error.
            logger.warning("connection cut off with answers outstanding: %s", peer)
        finally:
            del self._connections[task]
            writer.close()

    async def _serve(self, connection: "_Connection", peer: str) -> None:
        try:
            await connection.serve()
        except* OSError as lost:
            logger.info("connection lost: %s %s", peer, type(lost.exceptions[0]).__name__)


class _Connection:
    """One peer: a task that reads and one that answers."""

    def __init__(
        self,
        gateway: Gateway,
        settings: Settings,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
    ) -> None:
        self._gateway = gateway
        self._settings = settings
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._decoder = Decoder(settings.max_frame_bytes)
        self._answers: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue(settings.max_in_flight)
        self._frame_began: float | None = None

    async def serve(self) -> None:
        """Until input has ended and everything read is answered; raises a group when the connection breaks."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._answer())
        finally:
            while not self._answers.empty():
                answer = self._answers.get_nowait()
                if answer:
                    answer.cancel()

    def end_input(self) -> None:
        """As if the peer had sent its last byte."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # every socket transport has it
        self._reader.feed_eof()

    async def _read(self) -> None:
        """Queue an answer for each message; None in the queue says that no more will come."""
        junk = 0
        while junk <= _MOST_JUNK and (data := await self._next_bytes()):
            for event in self._decoder.feed(data):
                if isinstance(event, Junk):
                    junk += event.count
                    logger.error("%d bytes outside an MLLP frame dropped: %s", event.count, self._peer)
                else:
                    answer = await self._gateway.receive(event, self._peer)
                    await self._answers.put(asyncio.ensure_future(answer))
        if self._decoder.in_frame:
            logger.error("input ended inside a frame, which is dropped: %s", self._peer)
        await self._answers.put(None)

    async def _next_bytes(self) -> bytes:
        """Empty at the end of input, and when the peer takes longer than it may."""
        try:
            async with asyncio.timeout(self._patience()):
                return await self._reader.read(_READ_BYTES)
        except TimeoutError:
            logger.warning("silent for too long: %s", self._peer)
            return b""

    def _patience(self) -> float:
        now = asyncio.get_running_loop().time()
        if not self._decoder.in_frame:
            self._frame_began = None
            return self._settings.idle_timeout
        self._frame_began = self._frame_began or now
        return max(0.0, self._frame_began + self._settings.frame_timeout - now)

    async def _answer(self) -> None:
        while (answer := await self._answers.get()) is not None:
            self._writer.write(encode(await answer))
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._writer.drain()


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """None without a certificate; with ``tls_client_ca`` it asks every sender for a certificate. `BadSetting`."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise BadSetting("tls_certificate", "the certificate, its key or the authority cannot be loaded") from error
    return context
