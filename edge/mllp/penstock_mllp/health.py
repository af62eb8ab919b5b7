"""``GET /health``: how the gateway stands, as JSON. Numbers and the settings' names, nothing of any message."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from penstock_mllp.values import address

_SECONDS = 5.0
_MOST_HEAD = 8_192

Standing = Callable[[], dict[str, Any]]


@asynccontextmanager
async def answering(listen: str, standing: Standing) -> AsyncIterator[tuple[str, int] | None]:
    """Answer at an address while inside; nowhere when it is empty. Raises OSError when the address is taken."""
    if not listen:
        yield None
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(head, standing))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            writer.close()

    host, port = address("health_listen", listen)
    server = await asyncio.start_server(answer, host, port, limit=_MOST_HEAD)
    try:
        bound = server.sockets[0].getsockname()
        yield bound[0], bound[1]
    finally:
        server.close()


def told(
    counters: Counter[str], connections: int, inbound: dict[str, Any], outbound: dict[str, Any] | None
) -> dict[str, Any]:
    """The document: what waits in each direction, and the counters since the process began."""
    return {
        "status": "ok",
        "connections": connections,
        "inbound": inbound,
        "outbound": outbound,
        "counters": dict(sorted(counters.items())),
    }


def _response(head: bytes, standing: Standing) -> bytes:
    is_known = head.split(b" ")[:2] == [b"GET", b"/health"]
    body = json.dumps(standing() if is_known else {"status": "not found"}).encode("ascii")
    status = b"200 OK" if is_known else b"404 Not Found"
    lines = b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    return b"HTTP/1.1 " + status + lines + body
