"""Messages: segments as received, made into objects only where somebody looks.

Joining all parts again gives the text back exactly, so `bytes(message)` is the received bytes until `set` changes
one place, and then only that place differs.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from penstock_healthcare.hl7 import values
from penstock_healthcare.hl7.charset import codec_of
from penstock_healthcare.hl7.errors import BadPath, SegmentMissing, Unwritable
from penstock_healthcare.hl7.escapes import escape
from penstock_healthcare.hl7.path import Path, parse_path
from penstock_healthcare.hl7.segment import Line, Segment
from penstock_healthcare.hl7.separators import Separators

_CHARSET = ("MSH", 0, 18)


class Message:
    """One HL7 v2 message. ``message["PID"]`` is a segment, ``message["PID-3[0].1"]`` a value (see `path`)."""

    __slots__ = ("_by_id", "_parts", "codec", "prefix", "separators")

    def __init__(self, prefix: str, lines: list[Line], separators: Separators, codec: str) -> None:
        self.prefix = prefix
        """What stands before MSH: a byte order mark, blank lines, an MLLP start block."""
        self.separators = separators
        self.codec = codec
        """The Python codec that the bytes are in; `charset` is what MSH-18 says."""
        self._parts: list[Line | Segment] = list(lines)
        self._by_id: dict[str, list[int]] | None = None

    def segments(self, name: str | None = None) -> list[Segment]:
        """All segments in order, or those with the id ``name``."""
        places = range(len(self._parts)) if name is None else self._index().get(name.upper(), ())
        return [self._at(place) for place in places]

    def segment(self, name: str, index: int = 0) -> Segment:
        """Occurrence ``index`` (from 0) of a segment; raises `SegmentMissing`."""
        found = self._index().get(name.upper(), ())
        if index >= len(found):
            raise SegmentMissing(name.upper(), index)
        return self._at(found[index])

    def value(self, path: str) -> str:
        """Plain text of the leaf at ``path``: "" where nothing is valued, `NULL` for a null."""
        place = parse_path(path)
        if not place.field:
            raise BadPath(path, "names a segment, not a value")
        found = self._index().get(place.segment, ())
        if place.occurrence >= len(found):
            return ""
        segment = self._at(found[place.occurrence])
        return segment.value(place.field, place.repetition, place.component, place.subcomponent)

    def get(self, path: str, default: str | None = None) -> str | None:
        """As `value`, with ``default`` where nothing is valued."""
        return self.value(path) or default

    def __getitem__(self, path: str) -> Any:
        """The `Segment` for a bare segment path such as ``PID`` or ``OBX[2]``, otherwise the value as str."""
        place = parse_path(path)
        return self.value(path) if place.field else self.segment(place.segment, place.occurrence)

    def __setitem__(self, path: str, value: str) -> None:
        """As `set`."""
        self.set(path, value)

    def __contains__(self, name: str) -> bool:
        return name.upper() in self._index()

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments())

    def raw(self, path: str) -> str:
        """Encoded text: of a segment, a whole field with its repetitions, a repetition, a component …"""
        place = parse_path(path)
        found = self._index().get(place.segment, ())
        if place.occurrence >= len(found):
            return ""
        segment = self._at(found[place.occurrence])
        return segment.raw(place) if place.field else segment.text

    def set(self, path: str, value: str) -> None:
        """Write plain text at the leaf that `value` reads; the rest of the field stays.

        Setting MSH-18 moves the whole message to that charset. Raises `SegmentMissing` (add one first), `Unwritable`
        for a character that the charset or the delimiters cannot carry.
        """
        leaf = parse_path(path)._replace(depth=3, repeats=True)
        self._write(path, leaf, escape(value, self.separators))

    def set_raw(self, path: str, text: str) -> None:
        """Replace what `raw` reads by encoded text; delimiters in it are delimiters."""
        self._write(path, parse_path(path), text)

    def add(self, segment_id: str) -> Segment:
        """Append an empty segment and return it."""
        if parse_path(segment_id).field:
            raise BadPath(segment_id, "names a value, not a segment")
        last = self._at(len(self._parts) - 1)
        end = last.end
        last.end = self._at(0).end or "\r"
        segment = Segment(segment_id.upper(), end, self.separators, self.codec)
        self._parts.append(segment)
        self._by_id = None
        return segment

    def timestamp(self, path: str) -> values.Timestamp | None:
        """The DTM at ``path``, None when empty or null; raises `BadValue`."""
        text = self.value(path)
        return values.parse_timestamp(text, path=path) if text and text != values.NULL else None

    def number(self, path: str) -> Decimal | None:
        """The NM at ``path``, None when empty or null; raises `BadValue`."""
        text = self.value(path)
        return values.parse_number(text, path=path) if text and text != values.NULL else None

    @property
    def type(self) -> str:
        """MSH-9 as ``ORU^R01``, whatever the message's own delimiters."""
        return "^".join(part for part in (self.value("MSH-9.1"), self.value("MSH-9.2")) if part)

    @property
    def structure(self) -> str:
        """MSH-9.3, or the type and event with an underscore where the sender leaves it out."""
        return self.value("MSH-9.3") or self.type.replace("^", "_")

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.value("MSH-10")

    @property
    def version(self) -> str:
        """MSH-12.1; "" where the sender leaves it out."""
        return self.value("MSH-12")

    @property
    def charset(self) -> str:
        """MSH-18 as declared; "" means ASCII."""
        return self.value("MSH-18")

    @property
    def sent_at(self) -> datetime | None:
        """MSH-7, None when empty; raises `BadValue`."""
        stamp = self.timestamp("MSH-7")
        return stamp.value if stamp else None

    def __str__(self) -> str:
        return self.prefix + "".join(["".join(_line(part)) for part in self._parts])

    def __bytes__(self) -> bytes:
        return str(self).encode(self.codec)

    def __repr__(self) -> str:
        return f"<Message {self.type} {self.control_id}, {len(self._parts)} segments>"

    def _at(self, place: int) -> Segment:
        part = self._parts[place]
        if isinstance(part, Segment):
            return part
        segment = self._parts[place] = Segment(*part, self.separators, self.codec)
        return segment

    def _index(self) -> dict[str, list[int]]:
        if self._by_id is None:
            self._by_id = {}
            for place, part in enumerate(self._parts):
                name = part[0][:3] if isinstance(part, tuple) else part.id
                self._by_id.setdefault(name.upper(), []).append(place)
        return self._by_id

    def _write(self, path: str, place: Path, text: str) -> None:
        if not place.field:
            raise BadPath(path, "names a segment, not a value")
        segment = self.segment(place.segment, place.occurrence)
        if place[:3] == _CHARSET:
            self._transcode(codec_of(text) or self.codec, str(self))
        elif self.codec == "ascii" and not text.isascii():
            self._transcode(codec_of(self.charset) or "utf-8", text)
        else:
            self._transcode(self.codec, text)
        segment.set_raw(place, text)

    def _transcode(self, codec: str, text: str) -> None:
        """Take ``codec`` for the message, once it is known to hold ``text``."""
        try:
            text.encode(codec)
        except UnicodeEncodeError as error:
            reason = "the charset that MSH-18 names has no code for a character"
            raise Unwritable(reason, position=error.start) from error
        if codec != self.codec:
            self.codec = codec
            for segment in self.segments():
                segment.codec = codec


def _line(part: Line | Segment) -> Line:
    return part if isinstance(part, tuple) else (part.text, part.end)
