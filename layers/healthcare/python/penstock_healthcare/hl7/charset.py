"""From bytes to text and back without loss, whatever MSH-18 claims (table 0211).

The codec is the declared one where the bytes agree with it. Where they do not, the first of UTF-8, Windows-1252 and
ISO 8859-1 that gives the same bytes back; the last always does.
"""

import codecs
import re
from functools import lru_cache

# Table 0211; ASCII and 8859/1 are what senders leave in place while they send UTF-8, so UTF-8 is tried before them.
_CODECS: dict[str, tuple[str, ...]] = {
    "": ("utf-8",),
    "ASCII": ("utf-8",),
    "ISO IR6": ("utf-8",),
    "8859/1": ("utf-8", "latin-1"),
    "8859/2": ("iso8859-2",),
    "8859/3": ("iso8859-3",),
    "8859/4": ("iso8859-4",),
    "8859/5": ("iso8859-5",),
    "8859/6": ("iso8859-6",),
    "8859/7": ("iso8859-7",),
    "8859/8": ("iso8859-8",),
    "8859/9": ("iso8859-9",),
    "8859/15": ("iso8859-15",),
    "ISO IR14": ("shift_jis",),
    "ISO IR87": ("iso2022_jp",),
    "ISO IR159": ("iso2022_jp_1",),
    "GB 18030-2000": ("gb18030",),
    "KS X 1001": ("euc_kr",),
    "BIG-5": ("big5",),
    "UNICODE": ("utf-8",),
    "UNICODE UTF-8": ("utf-8",),
    "UTF-8": ("utf-8",),
    "UNICODE UTF-16": ("utf-16-le",),
    "UNICODE UTF-32": ("utf-32-le",),
}
_ANY = ("utf-8", "cp1252", "latin-1")
_WIDE = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"M\0S\0", "utf-16-le"),
    (b"\0M\0S", "utf-16-be"),
)
_HEADER = re.compile(rb"[Mm][Ss][Hh]([^\r\n]{1,2000})")
_MSH_18 = 17  # its index once the text after "MSH" is split at the field separator
_LONGEST_PREFIX = 256


def decode(data: bytes) -> tuple[str, str]:
    """Text and the codec that turns it back into exactly ``data``."""
    if data.isascii() and b"\x1b" not in data and b"\0" not in data:
        return data.decode("ascii"), "ascii"
    for codec in _candidates(data):
        text = _exact(data, codec)
        if text is not None:
            return text, codec
    return data.decode("latin-1"), "latin-1"


@lru_cache(maxsize=64)
def codec_of(declared: str) -> str | None:
    """The codec that MSH-18 names (its first repetition), None for a name that table 0211 does not have."""
    known = _CODECS.get(declared.strip().upper())
    return known[-1] if known else None


def _candidates(data: bytes) -> tuple[str, ...]:
    for mark, codec in _WIDE:
        if data.startswith(mark):
            return (codec, *_ANY)
    return tuple(codec for name in _declared(data) for codec in _CODECS.get(name, ())) + _ANY


def _declared(data: bytes) -> list[str]:
    """Names in MSH-18; where the first repetition is empty, the alternates say what the escapes switch to."""
    header = _HEADER.search(data, 0, _LONGEST_PREFIX + 2000)
    if header is None:
        return []
    fields = header[1].split(header[1][:1])
    if len(fields) <= _MSH_18:
        return []
    names = fields[_MSH_18].decode("latin-1").upper().split("~")
    return [name.strip() for name in names if name.strip()]


def _exact(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
        return text if codec == "utf-8" or text.encode(codec) == data else None
    except UnicodeError:
        return None
