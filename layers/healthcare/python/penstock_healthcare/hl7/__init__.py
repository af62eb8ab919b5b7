"""HL7 v2: lossless parsing, typed access, acknowledgments, findings. Standard library only, but for `profiles`.

    message = parse(data)                      # bytes(message) == data
    message["PID-3[0].1"]                      # a value; "" when empty, NULL when null
    message["PID"].patient_name.given_name     # an element by name
    message.set("PV1-3.1", "ICU")              # plain text in, escapes written; message["PV1-3.1"] = "ICU" as well
    group(message).find("ORDER")               # segment groups, by the message structure
    for order in observations(message): ...    # an ORU's results by OBR
    to_json(message)                           # for workflow items
    check(message, profiles)                   # findings, each with path, severity, rule
    acknowledge(message, "AA", control_id="1", timestamp=now)

`building` makes messages from typed values, `profiles` reads what a sender agreed to, `standard` has the tables of the
versions. Errors: see `penstock_healthcare.hl7.errors` (`HL7Error` is the root).
"""

from penstock_healthcare.hl7.acknowledgment import ERROR_CODES, Fault, acknowledge, header_of, nak_for_unparseable
from penstock_healthcare.hl7.checking import check
from penstock_healthcare.hl7.element import Component, Element, Field, Repetition, Subcomponent
from penstock_healthcare.hl7.errors import (
    BadEncodingCharacters,
    BadPath,
    BadProfile,
    BadValue,
    HL7Error,
    Invalid,
    NotHL7,
    SegmentMissing,
    TooLarge,
    Unparseable,
    Unwritable,
)
from penstock_healthcare.hl7.finding import Finding
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
    "BadProfile",
    "BadValue",
    "Fault",
    "Field",
    "Finding",
    "Group",
    "HL7Error",
    "Invalid",
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
