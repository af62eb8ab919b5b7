"""A small MLLP sender: for demonstrations, tests and the command line."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable

from penstock_mllp.errors import NoAcknowledgment
from penstock_mllp.frame import Decoder, Frame, encode

_READ_BYTES = 65_536
_MOST_BYTES = 4_000_000


def send(
    host: str,
    port: int,
    messages: Iterable[bytes],
    tls: ssl.SSLContext | None = None,
    *,
    timeout: float = 30.0,
    server_hostname: str | None = None,
) -> list[bytes]:
    """Send all messages over one connection without waiting in between; their acknowledgments, in order.

    Raises `NoAcknowledgment` when the receiver hangs up or ``timeout`` seconds pass before the last one, OSError when
    it cannot be reached. Not for use inside a running event loop: await `send_messages` there.
    """
    return asyncio.run(send_messages(host, port, messages, tls, timeout=timeout, server_hostname=server_hostname))


async def send_messages(
    host: str,
    port: int,
    messages: Iterable[bytes],
    tls: ssl.SSLContext | None = None,
    *,
    timeout: float = 30.0,
    server_hostname: str | None = None,
) -> list[bytes]:
    """As `send`."""
    batch = list(messages)
    answers: list[bytes] = []
    try:
        async with asyncio.timeout(timeout):
            name = server_hostname if tls else None
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=name)
            writing = asyncio.create_task(_write(writer, batch))
            try:
                async for answer in _frames(reader, len(batch)):
                    answers.append(answer)
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                writer.close()
    except TimeoutError as error:
        raise NoAcknowledgment(answers, len(batch)) from error
    if len(answers) < len(batch):
        raise NoAcknowledgment(answers, len(batch))
    return answers


async def _write(writer: asyncio.StreamWriter, messages: list[bytes]) -> None:
    for message in messages:
        writer.write(encode(message))
        await writer.drain()


async def _frames(reader: asyncio.StreamReader, count: int) -> AsyncIterator[bytes]:
    decoder = Decoder(_MOST_BYTES)
    while count and (data := await _read(reader)):
        for event in decoder.feed(data):
            if isinstance(event, Frame):
                count -= 1
                yield event.content


async def _read(reader: asyncio.StreamReader) -> bytes:
    """A connection that breaks has ended: what is missing is missing either way."""
    try:
        return await reader.read(_READ_BYTES)
    except ConnectionError:
        return b""
