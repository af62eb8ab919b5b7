"""Findings about a message that parses: what its version of the standard asks and the message does not give.

Three looks: at the message as a whole, at each segment's fields (`fields`), at the sequence of segments
(`sequence`). What a sender may do but a receiver will hardly read is an error or a warning; what receivers put up with
is information. A finding never quotes the message.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Protocol

from penstock_healthcare.hl7 import standard
from penstock_healthcare.hl7.charset import codec_of
from penstock_healthcare.hl7.dictionary import segment_ids
from penstock_healthcare.hl7.fields import check_fields
from penstock_healthcare.hl7.finding import MOST_FINDINGS, Finding
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.sequence import check_sequence


class Agreement(Protocol):
    """What a site has agreed on with a sender beside the standard (see `profiles`)."""

    def applies_to(self, message: Message) -> bool:
        """Whether the message is from such a sender."""

    def check(self, message: Message) -> Iterator[Finding]:
        """What the agreement asks and the message does not give."""

    def keeps(self, finding: Finding) -> bool:
        """Whether a finding of the standard's counts here."""


def check(message: Message, profiles: Iterable[Agreement] = ()) -> list[Finding]:
    """All findings: of the message, of its segments in order, of their sequence, of the profiles that apply.

    The version is MSH-12's; `standard.version` says what a message is held to that states none or an unknown one. After
    `MOST_FINDINGS` the rest is left out, and a last finding says so.
    """
    agreed = [profile for profile in profiles if profile.applies_to(message)]
    kept = (each for each in _by_standard(message) if all(profile.keeps(each) for profile in agreed))
    found = chain(kept, *(profile.check(message) for profile in agreed))
    findings = list(islice(found, MOST_FINDINGS + 1))
    if len(findings) > MOST_FINDINGS:
        text = f"there are more than {MOST_FINDINGS} findings; the others are left out"
        findings[-1] = Finding("MSH", "information", "more", text)
    return findings


def _by_standard(message: Message) -> Iterator[Finding]:
    version = standard.version(message.version)
    yield from _check_message(message, version)
    seen: dict[str, int] = {}
    for segment in message:
        occurrence = seen.setdefault(segment.id, 0)
        seen[segment.id] += 1
        place = f"{segment.id}[{occurrence}]" if occurrence else segment.id
        yield from _check_identity(segment, place)
        yield from check_fields(segment, place, version)
    yield from _check_structure(message, version)


def _check_message(message: Message, version: standard.Version) -> Iterator[Finding]:
    if len(message.segments("MSH")) > 1:
        text = "more than one MSH: this is a batch of messages"
        yield Finding("MSH[1]", "error", "one-message", text, "100")
    written = message.segment("MSH").fields[2]
    if written != message.separators.encoding_characters:
        text = "the encoding characters repeat themselves; each was read once"
        yield Finding("MSH-2", "warning", "encoding-characters", text)
    if message.version and not version.stated:
        text = f"no version of the standard has this name; the message was read as {version.name}"
        yield Finding("MSH-12", "warning", "version", text, "203")
    if message.codec != "ascii" and codec_of(message.charset) != message.codec:
        text = f"the bytes are not in the declared charset; they were read as {message.codec}"
        yield Finding("MSH-18", "warning", "charset", text, "103")
    if any("\n" in segment.end for segment in message):
        text = "segments end with a line feed; the standard asks for a carriage return alone"
        yield Finding("MSH", "information", "segment-terminator", text)


def _check_identity(segment: Segment, place: str) -> Iterator[Finding]:
    if segment.id not in segment_ids() and not segment.id.startswith("Z"):
        yield Finding(place, "warning", "known-segment", "no version of the standard has this segment", "100")
    if segment.text[:3] != segment.id:
        yield Finding(place, "information", "segment-id-case", "the segment id is not in upper case")
    if "\r" in segment.text or "\n" in segment.text:
        yield Finding(place, "warning", "line-break", "a line break inside the segment was taken as text")


def _check_structure(message: Message, version: standard.Version) -> Iterator[Finding]:
    code, event, stated = (message.value(f"MSH-9.{number}") for number in (1, 2, 3))
    if not code or len(message.segments("MSH")) > 1:
        return
    name = standard.structure_name(code, event, stated, version.name)
    structure = standard.structure(name, version.name) if name else None
    if stated and stated != name and not version.open:
        text = "the version has no such message structure"
        yield Finding("MSH-9.3", "information", "structure", text, "200")
    if structure is None:
        if not code.startswith("Z") and not event.startswith("Z") and not version.open:
            text = "no structure of this message is known in its version, so its segments were checked one by one"
            yield Finding("MSH-9", "information", "structure", text, "200")
        return
    yield from check_sequence(structure, (segment.id for segment in message), is_open=version.open)
