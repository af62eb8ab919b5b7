"""A platform made of sockets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

API_KEY = "pk_test_key"


def stored(code: str = "AA", *errors: dict[str, str]) -> tuple[int, dict[str, Any]]:
    return 201, {
        "id": "m1",
        "status": "stored" if code == "AA" else "rejected",
        "acknowledgment": code,
        "errors": errors,
    }


@dataclass
class FakeCloud:
    """Answers `POST /v1/healthcare/messages` as the platform does: one idempotency key for one body, one message once.

    ``answer`` decides by the decoded message and the number of the request; what it accepts (2xx) is stored once.
    """

    answer: Callable[[bytes, int], tuple[int, dict[str, Any]]] = lambda message, number: stored()
    delay: float = 0.0
    api_key: str = API_KEY
    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)
    stored: dict[bytes, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeCloud"]:
        connections: set[asyncio.StreamWriter] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.add(writer)
            try:
                while await self._exchange(reader, writer):
                    pass
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in connections:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:]) if k}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        assert head[0] == "POST /v1/healthcare/messages HTTP/1.1"
        self.requests.append({"headers": headers, "body": body})
        status, content = self._decide(headers, body)
        await asyncio.sleep(self.delay)
        payload = json.dumps(content).encode()
        lines = f"HTTP/1.1 {status} X\r\nContent-Length: {len(payload)}\r\nContent-Type: application/json\r\n\r\n"
        writer.write(lines.encode() + payload)
        await writer.drain()
        return True

    def _decide(self, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if headers.get("x-api-key") != self.api_key:
            return 401, {"title": "Unauthorized", "status": 401, "detail": "this API key is not known"}
        if self.bodies.setdefault(headers["idempotency-key"], body) != body:
            return 422, {"title": "This Idempotency-Key was used for another request", "status": 422}
        message = base64.b64decode(body["raw"], validate=True)
        if message in self.stored:
            return self.stored[message]
        status, content = self.answer(message, len(self.requests))
        if status < 300:
            self.messages.append(message)
            self.stored[message] = (status, content)
        return status, content
