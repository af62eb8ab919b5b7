"""One peer of the listener: many messages in flight, acknowledgments in the order of the messages.

In enhanced mode each accept acknowledgment keeps that order, and the application's follow as they come to be known.
"""

import asyncio
import logging
from collections.abc import Callable

from penstock_mllp.delivery import Final
from penstock_mllp.frame import Decoder, Event, Frame, Junk, Oversize, encode
from penstock_mllp.gateway import Gateway, Later
from penstock_mllp.settings import Settings

logger = logging.getLogger("penstock_mllp")

_READ_BYTES = 65_536
_MOST_JUNK = 65_536
_WRITE_TIMEOUT = 30.0
_RETURN_TIMEOUT = 0.5
"""Seconds that a frame's last byte may come after the byte before it."""
_TURNING_AWAY = 5.0


class Connection:
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
        self._answers: asyncio.Queue[tuple[asyncio.Future[bytes], bool] | None] = asyncio.Queue()
        self._in_flight = asyncio.Semaphore(settings.max_in_flight)
        self._later: dict[Callable[[asyncio.Future[Final]], None], asyncio.Future[Final]] = {}
        self._frame_began: float | None = None

    async def serve(self) -> None:
        """Until input has ended and everything read is answered; raises a group when the connection breaks."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._answer())
        finally:
            for callback, outcome in self._later.items():
                outcome.remove_done_callback(callback)
            while not self._answers.empty():
                answer = self._answers.get_nowait()
                if answer:
                    answer[0].cancel()

    def end_input(self) -> None:
        """As if the peer had sent its last byte."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # every socket transport has it
        self._reader.feed_eof()

    async def _read(self) -> None:
        """Queue an answer for each message; None in the queue says that no more will come."""
        junk = 0
        while junk <= _MOST_JUNK and (data := await self._next_bytes()) is not None:
            junk += await self._take(self._decoder.feed(data) if data else self._decoder.finish())
        await self._take(self._decoder.finish())
        if self._decoder.in_frame:
            self._gateway.counters["frames_broken_off"] += 1
            logger.error("input ended inside a frame, which is dropped: %s", self._peer)
        if self._later:
            await asyncio.wait(set(self._later.values()), timeout=self._settings.ack_timeout)
        await self._answers.put(None)

    async def _take(self, events: list[Event]) -> int:
        """Hand messages over; returns the bytes that were none."""
        junk = 0
        for event in events:
            if isinstance(event, Junk):
                junk += event.count
                self._gateway.counters["junk_bytes"] += event.count
                logger.error("%d bytes outside an MLLP frame dropped: %s", event.count, self._peer)
                continue
            reply = await self._gateway.receive(event, self._peer)
            if reply.answer:
                await self._in_flight.acquire()
                self._answers.put_nowait((asyncio.ensure_future(reply.answer), True))
            if reply.later:
                self._expect(reply.later)
        return junk

    def _expect(self, later: Later) -> None:
        def known(outcome: asyncio.Future[Final]) -> None:
            del self._later[known]
            if answer := later.acknowledge(outcome.result()):
                ready: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
                ready.set_result(answer)
                self._answers.put_nowait((ready, False))

        self._later[known] = later.outcome
        later.outcome.add_done_callback(known)

    async def _next_bytes(self) -> bytes | None:
        """None at the end of input, and when the peer takes longer than it may; empty when a frame lacks its return."""
        try:
            async with asyncio.timeout(self._patience()):
                return await self._reader.read(_READ_BYTES) or None
        except TimeoutError:
            if self._decoder.may_be_whole:
                return b""
            logger.warning("silent for too long: %s", self._peer)
            return None

    def _patience(self) -> float:
        now = asyncio.get_running_loop().time()
        if not self._decoder.in_frame:
            self._frame_began = None
            return self._settings.idle_timeout
        self._frame_began = self._frame_began or now
        left = max(0.0, self._frame_began + self._settings.frame_timeout - now)
        return min(left, _RETURN_TIMEOUT) if self._decoder.may_be_whole else left

    async def _answer(self) -> None:
        while (answer := await self._answers.get()) is not None:
            future, is_counted = answer
            await _write(self._writer, await future)
            if is_counted:
                self._in_flight.release()


async def turn_away(
    gateway: Gateway, settings: Settings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the first message of a connection that is one too many: to try again. Raises OSError."""
    decoder, frames = Decoder(settings.max_frame_bytes), list[Frame | Oversize]()
    async with asyncio.timeout(min(_TURNING_AWAY, settings.frame_timeout)):
        while not frames and (received := await reader.read(_READ_BYTES)):
            frames += [each for each in decoder.feed(received) or decoder.finish() if not isinstance(each, Junk)]
    for frame in frames[:1]:
        if answer := gateway.turn_away(frame).answer:
            await _write(writer, await answer)


async def _write(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(encode(answer))
    async with asyncio.timeout(_WRITE_TIMEOUT):
        await writer.drain()
