"""HL7 v2: lossless parsing, typed access, acknowledgments, findings. Standard library only.

    message = parse(data)                      # bytes(message) == data
    message["PID-3[0].1"]                      # a value; "" when empty, NULL when null
    message["PID"].patient_name.given_name     # an element by name
    message.set("PV1-3.1", "ICU")              # plain text in, escapes written
    for order in observations(message): ...    # an ORU's results by OBR
    to_json(message)                           # for workflow items
    check(message)                             # findings, each with path, severity, rule
    acknowledge(message, "AA", control_id="1", timestamp=now)

Errors: see `penstock_healthcare.hl7.errors` (`HL7Error` is the root).
"""

from penstock_healthcare.hl7.acknowledgment import ERROR_CODES, Fault, acknowledge, header_of, nak_for_unparseable
from penstock_healthcare.hl7.checking import Finding, check
from penstock_healthcare.hl7.element import Component, Element, Field, Repetition, Subcomponent
from penstock_healthcare.hl7.errors import (
    BadEncodingCharacters,
    BadPath,
    BadValue,
    HL7Error,
    NotHL7,
    SegmentMissing,
    TooLarge,
    Unparseable,
    Unwritable,
)
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.parsing import MAX_BYTES, Batch, Envelope, Unreadable, parse, parse_batch
from penstock_healthcare.hl7.path import Path, parse_path
from penstock_healthcare.hl7.rendering import segment_to_json, to_json
from penstock_healthcare.hl7.segment import Segment
from penstock_healthcare.hl7.separators import Separators
from penstock_healthcare.hl7.structure import Group, Observation, Order, group, observations
from penstock_healthcare.hl7.values import NULL, Timestamp, format_timestamp, parse_number, parse_timestamp

__all__ = [
    "Batch",
    "Component",
    "ERROR_CODES",
    "Element",
    "Envelope",
    "BadEncodingCharacters",
    "BadPath",
    "BadValue",
    "Fault",
    "Field",
    "Finding",
    "Group",
    "HL7Error",
    "MAX_BYTES",
    "Message",
    "NULL",
    "NotHL7",
    "Observation",
    "Order",
    "Path",
    "Repetition",
    "Segment",
    "SegmentMissing",
    "Separators",
    "Subcomponent",
    "Timestamp",
    "TooLarge",
    "Unparseable",
    "Unreadable",
    "Unwritable",
    "acknowledge",
    "check",
    "format_timestamp",
    "group",
    "header_of",
    "nak_for_unparseable",
    "observations",
    "parse",
    "parse_batch",
    "parse_number",
    "parse_path",
    "parse_timestamp",
    "segment_to_json",
    "to_json",
]
