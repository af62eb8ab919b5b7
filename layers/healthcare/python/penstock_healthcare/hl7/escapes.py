r"""Escape sequences in text (2.5.1: chapter 2, section 2.7).

Decoded: the delimiters ``\F\ \S\ \T\ \R\ \E\ \P\`` and hexadecimal ``\X0D0A\``. Formatting (``\.br\``, ``\H\``,
``\N\``), charset switches (``\C..\``, ``\M..\``) and local sequences (``\Z..\``) stay as written: they have no plain
text form, and a reader may want them.
"""

import re
from functools import lru_cache

from penstock_healthcare.hl7.errors import Unwritable
from penstock_healthcare.hl7.separators import ABSENT, Separators

_CONTROLS = "\r\n\x00\x0b\x1a\x1c"
"""What ends a segment, frames a message (MLLP), or ends a file."""

_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)\Z")
_FORMATTING = r"(?:\.(?:br|fi|nf|ce|sp ?\+?\d{0,3}|in ?[+-]?\d{1,3}|ti ?[+-]?\d{1,3}|sk ?\d{1,3})|H|N)"


def unescape(text: str, separators: Separators, codec: str) -> str:
    """Plain text of an encoded leaf. Unknown or unfinished sequences stay as they are."""
    escape = separators.escape
    if escape not in text:
        return text
    meanings = _meanings(separators)
    parts = text.split(escape)
    out, i = [parts[0]], 1
    while i < len(parts) - 1:
        out.append(_meaning(parts[i], meanings, codec, escape))
        out.append(parts[i + 1])
        i += 2
    if i < len(parts):
        out += (escape, parts[i])
    return "".join(out)


def escape(text: str, separators: Separators) -> str:
    """Encode plain text as one leaf; raises `Unwritable` where the message has no escape character for it."""
    pattern, table = _encoder(separators)
    if not pattern.search(text):
        return text
    if separators.escape == ABSENT:
        position = pattern.search(text)
        raise Unwritable(
            "the message has no escape character, so its text cannot contain a delimiter, a line break or framing",
            position=position.start() if position else 0,
        )
    return pattern.sub(lambda match: table.get(match.group(), match.group()), text)


def _meaning(name: str, meanings: dict[str, str], codec: str, mark: str) -> str:
    plain = meanings.get(name)
    if plain is not None:
        return plain
    digits = _HEX.match(name)
    return _characters(bytes.fromhex(digits[1]), codec) if digits else f"{mark}{name}{mark}"


def _characters(raw: bytes, codec: str) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8" if codec == "ascii" else codec)
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@lru_cache(maxsize=256)
def _meanings(separators: Separators) -> dict[str, str]:
    letters = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
        "P": separators.truncation,
    }
    return {letter: character for letter, character in letters.items() if character != ABSENT}


@lru_cache(maxsize=256)
def _encoder(separators: Separators) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = separators.escape
    table = {character: f"{mark}{letter}{mark}" for letter, character in _meanings(separators).items()}
    table |= {character: f"{mark}X{ord(character):02X}{mark}" for character in _CONTROLS}
    characters = "[" + re.escape("".join(table)) + "]"
    formatting = f"{re.escape(mark)}{_FORMATTING}{re.escape(mark)}" if mark != ABSENT else "(?!)"
    return re.compile(f"{formatting}|{characters}"), table
