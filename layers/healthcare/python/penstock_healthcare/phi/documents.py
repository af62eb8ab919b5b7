"""Documents as bytes: HL7 v2 messages and batches, FHIR R4 in JSON and XML, and everything else as text.

Other XML, and JSON that holds several resources, is not text: its names stand beside no word that gives them away.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, TypeAlias

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.formats import json_text, read, write_xml
from penstock_healthcare.hl7 import (
    BadEncodingCharacters,
    Batch,
    Envelope,
    HL7Error,
    Message,
    Separators,
    Unreadable,
    parse,
    parse_batch,
)
from penstock_healthcare.hl7.charset import decode
from penstock_healthcare.hl7.separators import read_separators
from penstock_healthcare.phi.errors import NotExamined
from penstock_healthcare.phi.fhir_resources import deidentify_resource, find_in_resource
from penstock_healthcare.phi.hl7_messages import deidentify_message, find_in_message
from penstock_healthcare.phi.identifiers import Finding, Identifier, Report
from penstock_healthcare.phi.text import find_in_text, redact_text
from penstock_healthcare.phi.treatment import Treatment

MAX_BYTES = 10_000_000
Format: TypeAlias = Literal["hl7", "fhir", "text"]

_HL7 = re.compile(rb"[\s\x0b\x00]{0,64}(?:\xef\xbb\xbf)?[\s\x0b]{0,64}(?:MSH|FHS|BHS)[^A-Za-z0-9\s]", re.IGNORECASE)
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}[\[{]")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}<[?!A-Za-z]")
_TRAILERS = frozenset({"BTS", "FTS"})


def format_of(content: bytes) -> Format:
    """What bytes are: by how they begin, and for FHIR by a `resourceType` too."""
    if _HL7.match(content):
        return "hl7"
    is_json = _JSON.match(content) and b'"resourceType"' in content
    return "fhir" if is_json or _XML.match(content) else "text"


def find(content: bytes, treatment: Treatment) -> list[Finding]:
    """All identifiers of a document. Raises NotExamined."""
    return _FINDERS[format_of(_bounded(content))](content, treatment)


def deidentify(content: bytes, treatment: Treatment) -> tuple[bytes, Report]:
    """The document without identifiers, in the form that it had. Raises NotExamined, and then nothing may go out."""
    return _CLEANERS[format_of(_bounded(content))](content, treatment)


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise NotExamined("the document", f"is over {MAX_BYTES} bytes")
    return content


def _find_in_hl7(content: bytes, treatment: Treatment) -> list[Finding]:
    parts = list(_parts(content))
    found = []
    for number, part in enumerate(parts):
        for each in find_in_message(part, treatment):
            found.append(replace(each, location=f"[{number}]:{each.location}") if len(parts) > 1 else each)
    return found


def _deidentify_hl7(content: bytes, treatment: Treatment) -> tuple[bytes, Report]:
    made = [deidentify_message(part, treatment) for part in _parts(content)]
    return b"".join(bytes(message) for message, _ in made), summed([report for _, report in made])


def _parts(content: bytes) -> Iterator[Message]:
    """The messages of a batch, and its headers and trailers as messages of one segment."""
    separators = Separators()
    for part in _read(content).parts:
        if isinstance(part, Message):
            yield part
        elif isinstance(part, Unreadable):
            raise NotExamined("a message", str(part.error))
        elif part.raw.strip():
            envelope = _envelope(part, separators)
            separators = envelope.separators
            yield envelope
        else:
            yield Message(part.raw.decode("latin-1"), [], separators, "latin-1")


def _read(content: bytes) -> Batch:
    try:
        batch = parse_batch(content)
        return (
            batch
            if any(bytes(each).strip() for each in batch.envelopes) or len(batch.messages) != 1
            else Batch((parse(content),))
        )
    except HL7Error as error:
        raise NotExamined("the message", str(error)) from error


def _envelope(part: Envelope, separators: Separators) -> Message:
    text, codec = decode(part.raw)
    if not part.id:
        raise NotExamined("the document", "text stands before its first segment")
    begin = len(text) - len(text.lstrip("\ufeff\r\n\x0b "))
    line = text[begin:].rstrip("\r\n\x1c\x1a\x00")
    if "\r" in line or "\n" in line:
        raise NotExamined(part.id, "is followed by segments that belong to no message")
    try:
        marks = separators if part.id in _TRAILERS else read_separators(line)
    except BadEncodingCharacters as error:
        raise NotExamined(part.id, str(error)) from error
    return Message(text[:begin], [(line, text[begin + len(line) :])], marks, codec)


def _find_in_fhir(content: bytes, treatment: Treatment) -> list[Finding]:
    return find_in_resource(_resource(content), treatment)


def _deidentify_fhir(content: bytes, treatment: Treatment) -> tuple[bytes, Report]:
    made, report = deidentify_resource(_resource(content), treatment)
    if _XML.match(content):
        return write_xml(made, r4()).encode(), report
    return json_text.write(made, indent=b"\n" in content.strip()).encode(), report


def _resource(content: bytes) -> JSONObject:
    found = read(content)
    if found.resource is None or found.faults:
        raise NotExamined("the resource", found.faults[0].message)
    return found.resource


def _find_in_plain(content: bytes, _: Treatment) -> list[Finding]:
    return find_in_text(decode(content)[0])


def _deidentify_plain(content: bytes, treatment: Treatment) -> tuple[bytes, Report]:
    text, codec = decode(content)
    made, counts = redact_text(text, treatment)
    return made.encode(codec), Report(counts)


def summed(reports: list[Report]) -> Report:
    """One report of them all."""
    counts: dict[Identifier, int] = {}
    for report in reports:
        for identifier, count in report.changed.items():
            counts[identifier] = counts.get(identifier, 0) + count
    return Report(counts, tuple(dict.fromkeys(reason for report in reports for reason in report.departures)))


_FINDERS: dict[Format, Callable[[bytes, Treatment], list[Finding]]] = {
    "hl7": _find_in_hl7,
    "fhir": _find_in_fhir,
    "text": _find_in_plain,
}
_CLEANERS: dict[Format, Callable[[bytes, Treatment], tuple[bytes, Report]]] = {
    "hl7": _deidentify_hl7,
    "fhir": _deidentify_fhir,
    "text": _deidentify_plain,
}
