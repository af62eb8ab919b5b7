"""FHIR's two formats. Both are read into the same JSON, numbers with the digits that they were written with.

    json_text    FHIR JSON; a number with a point or an exponent is an `Exact`
    xml_reader   FHIR XML → JSON, by the definitions; entities and document types are refused
    xml_writer   JSON → FHIR XML
    xhtml        what a narrative may hold

`read` tells the format by its first character. What a format forbids is a `Fault` with its place, and reading goes on;
only what is no JSON or XML at all leaves no resource.
"""

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions.registry import Definitions, r4
from penstock_healthcare.fhir.formats import json_text, xml_reader
from penstock_healthcare.fhir.formats.faults import LARGEST, Fault, Read
from penstock_healthcare.fhir.formats.json_text import Exact
from penstock_healthcare.fhir.formats.json_text import write as write_json
from penstock_healthcare.fhir.formats.xml_writer import write as write_xml

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read(content: bytes, definitions: Definitions | None = None) -> Read:
    """A resource from JSON or XML, of at most `LARGEST` bytes."""
    if len(content) > LARGEST:
        return Read(None, (Fault("", "size", f"A resource has at most {LARGEST} bytes."),))
    text = content.removeprefix(_BYTE_ORDER_MARK)
    if text.lstrip()[:1] == b"<":
        return xml_reader.read(text, definitions or r4())
    return json_text.read(text)


__all__ = ["Exact", "Fault", "JSONObject", "Read", "read", "write_json", "write_xml"]
