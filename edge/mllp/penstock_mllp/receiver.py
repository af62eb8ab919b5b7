"""A receiver at a hospital, over one connection that is kept open: a message out, its acknowledgment in."""

import asyncio
import base64
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from penstock_healthcare.hl7 import BadPath, HL7Error, Message, header_of, parse, parse_path
from penstock_mllp.acknowledgment_mode import Mode, mode_of
from penstock_mllp.destinations import Destination
from penstock_mllp.errors import BadSetting
from penstock_mllp.frame import Decoder, Frame, encode
from penstock_mllp.tls import client_context

logger = logging.getLogger("penstock_mllp")

_READ_BYTES = 65_536
_MOST_BYTES = 60_000
"""Of an acknowledgment: the platform takes that much."""
_MOST_ERRORS = 50
_LONGEST_CODE = 20
_LONGEST_TEXT = 1_000
_CODES = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """The receiver's answer to a message: its bytes, and MSA-1."""

    code: str
    raw: bytes

    @property
    def text(self) -> str:
        """Base64 of the bytes."""
        return base64.b64encode(self.raw).decode("ascii")

    @property
    def errors(self) -> list[dict[str, str]]:
        """What it says is wrong: `{code, location, message}` by its ERR segments, else by MSA-3."""
        return list(_errors(parse(self.raw)))[:_MOST_ERRORS]


class Receiver:
    """One destination. Not for several messages at a time."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._tls = _context(destination)
        self._decoder = Decoder(_MOST_BYTES)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, message: bytes) -> Acknowledgment:
        """Send, and wait for what settles the message. Raises OSError, TimeoutError too: send it again then."""
        header = header_of(message)
        try:
            reader, writer = await self._connected()
            deadline = asyncio.get_running_loop().time() + self._destination.ack_timeout
            async with asyncio.timeout_at(deadline):
                writer.write(encode(message))
                await writer.drain()
            return await self._settled(reader, header.control_id, mode_of(header), deadline)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection: an answer that comes late must not meet the next message."""
        if self._streams:
            self._streams[1].transport.abort()
        self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            host, port = self._destination.host_and_port
            name = (self._destination.tls_server_name or host) if self._tls else None
            async with asyncio.timeout(self._destination.connect_timeout):
                self._streams = await asyncio.open_connection(host, port, ssl=self._tls, server_hostname=name)
            self._decoder = Decoder(_MOST_BYTES)
        return self._streams

    async def _settled(
        self, reader: asyncio.StreamReader, control_id: str, mode: Mode, deadline: float
    ) -> Acknowledgment:
        """The last answer: a commit is one where the message asks for no more, or where no more comes."""
        committed: Acknowledgment | None = None
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    answers = await self._answers(reader, control_id)
            except OSError:
                if committed is None:
                    raise
                self.close()
                return committed
            for answer in answers:
                if answer.code != "CA" or "AA" not in mode.application or not mode.is_enhanced:
                    return answer
                committed = answer

    async def _answers(self, reader: asyncio.StreamReader, control_id: str) -> list[Acknowledgment]:
        data = await reader.read(_READ_BYTES)
        if not data:
            raise ConnectionResetError("the receiver hung up")
        frames = [each.content for each in self._decoder.feed(data) if isinstance(each, Frame)]
        found = [acknowledgment_in(frame, control_id) for frame in frames]
        if strays := found.count(None):
            logger.warning("%d frames that answer nothing: %s", strays, self._destination.name)
        return [each for each in found if each]


def acknowledgment_in(frame: bytes, control_id: str) -> Acknowledgment | None:
    """What the frame says of the message with that control id; None when it is about something else.

    A receiver that could not read the message may not know its id: such a refusal is of what was sent last.
    """
    try:
        answer = parse(frame)
        code, about = answer.value("MSA-1").strip().upper(), answer.value("MSA-2").strip()
    except HL7Error:
        return None
    is_ours = about == control_id.strip() or (not about and code not in ("AA", "CA"))
    return Acknowledgment(code, frame) if code in _CODES and is_ours else None


def _errors(answer: Message) -> Iterator[dict[str, str]]:
    """By ERR from 2.5 on (location, code, text), by ERR-1 before; by MSA-3 where there is no ERR."""
    for error in answer.segments("ERR"):
        if error.value(3):
            text = error.value(8) or error.value(3, 0, 2)
            yield _error(error.value(3), [error.value(2, 0, part) for part in range(1, 7)], text)
        else:
            place = [error.value(1, 0, 1), error.value(1, 0, 2), error.value(1, 0, 3)]
            yield _error(error.value(1, 0, 4, 1), place, error.value(1, 0, 4, 2))
    if "ERR" not in answer and answer.value("MSA-3"):
        yield _error("", [], answer.value("MSA-3"))


def _error(code: str, place: list[str], message: str) -> dict[str, str]:
    return {"code": code[:_LONGEST_CODE], "location": _path(*place), "message": message[:_LONGEST_TEXT]}


def _path(
    segment: str = "", sequence: str = "", field: str = "", repetition: str = "", part: str = "", subpart: str = ""
) -> str:
    """The path of an ERL, whose numbers count from 1; "" where it is none."""
    text = segment + _index(sequence)
    if field:
        text += f"-{field}{_index(repetition)}" + "".join(f".{each}" for each in (part, subpart) if each)
    try:
        return str(parse_path(text))
    except BadPath:
        return ""


def _index(number: str) -> str:
    """The first one needs none."""
    counted = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    return f"[{counted - 1}]" if counted > 1 else ""


def _context(destination: Destination) -> ssl.SSLContext | None:
    if destination.tls == "off":
        return None
    try:
        return client_context(destination.tls_ca, destination.tls_certificate, destination.tls_key)
    except OSError as error:
        where = f"destinations.{destination.name}.tls_certificate"
        raise BadSetting(where, "the certificate, its key or the authority cannot be loaded") from error
