"""Receivers at a hospital: MLLP servers that keep what they get, and answer as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import trustme

from penstock_healthcare.hl7 import Fault, acknowledge, header_of
from penstock_healthcare.hl7.acknowledgment import Code
from penstock_mllp.frame import Decoder, Frame, encode

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def answered(message: bytes, code: Code = "AA", *faults: Fault) -> bytes:
    """An acknowledgment of the message."""
    return acknowledge(header_of(message), code, control_id="ack", timestamp=NOW, errors=faults)


@dataclass
class Hospital:
    """``answers`` decides what is sent back, by the message and how many came before; b"" hangs up."""

    answers: Callable[[bytes, int], list[bytes]] = lambda message, number: [answered(message)]
    received: list[bytes] = field(default_factory=list)
    certificates: list[object] = field(default_factory=list)
    connections: int = 0

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """Serve on 127.0.0.1; gives the port."""
        open_now: set[asyncio.StreamWriter] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            open_now.add(writer)
            self.certificates.append(writer.get_extra_info("peercert"))
            try:
                await self._serve(reader, writer)
            except ConnectionError:
                pass
            finally:
                open_now.discard(writer)
                writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in open_now:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder(1_000_000)
        while data := await reader.read(65_536):
            for frame in decoder.feed(data):
                if isinstance(frame, Frame):
                    self.received.append(frame.content)
                    for answer in self.answers(frame.content, len(self.received) - 1):
                        if not answer:
                            return
                        writer.write(encode(answer))
                        await writer.drain()


class Authority:
    """A certificate authority with its files: its own, a server's for 127.0.0.1, and a client's."""

    def __init__(self, folder: Path, client: str = "gateway.hospital.example") -> None:
        folder.mkdir(exist_ok=True)
        self.ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.ca_file)
        self.server = self._files(folder, "server", "127.0.0.1")
        self.client = self._files(folder, "client", client)

    def _files(self, folder: Path, name: str, identity: str) -> tuple[Path, Path]:
        issued = self.ca.issue_cert(identity)
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        issued.private_key_pem.write_to_path(key)
        for pem in issued.cert_chain_pems:
            pem.write_to_path(certificate, append=True)
        return certificate, key

    def listening(self, verify: ssl.VerifyMode = ssl.CERT_NONE) -> ssl.SSLContext:
        """A server's context."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca_file)
        context.load_cert_chain(*self.server)
        context.verify_mode = verify
        return context

    def calling(self, *, with_certificate: bool = False) -> ssl.SSLContext:
        """A client's context."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if with_certificate:
            context.load_cert_chain(*self.client)
        return context
