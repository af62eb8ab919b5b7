"""ANSI X12: lossless parsing, envelopes and hierarchies checked, acknowledgments, writing. Standard library only.

    interchange = parse(data)                 # bytes(interchange) == data
    [answer] = interchange.transactions("271")
    for level in levels(answer): ...          # HL loops, linked
    check(interchange)                        # findings, each with path, position, severity, rule
    acknowledge(interchange, envelope)        # a 999
    write(envelope, "HS", guide, sets)        # an interchange from values

Errors: see `penstock_healthcare.x12.errors` (`X12Error` is the root).
"""

from penstock_healthcare.x12.checking import check
from penstock_healthcare.x12.codes import meaning
from penstock_healthcare.x12.delimiters import Delimiters
from penstock_healthcare.x12.errors import (
    BadDelimiters,
    BadValue,
    NotX12,
    TooLarge,
    Unparseable,
    WrongTransaction,
    X12Error,
)
from penstock_healthcare.x12.finding import Finding
from penstock_healthcare.x12.hierarchy import Level, levels
from penstock_healthcare.x12.interchange import Group, Interchange, Transaction
from penstock_healthcare.x12.parsing import MAX_BYTES, parse, parse_file
from penstock_healthcare.x12.rendering import segment_to_json, to_json
from penstock_healthcare.x12.segment import Segment
from penstock_healthcare.x12.writing import Envelope, Party, write

__all__ = [
    "BadDelimiters",
    "BadValue",
    "Delimiters",
    "Envelope",
    "Finding",
    "Group",
    "Interchange",
    "Level",
    "MAX_BYTES",
    "NotX12",
    "Party",
    "Segment",
    "TooLarge",
    "Transaction",
    "Unparseable",
    "WrongTransaction",
    "X12Error",
    "check",
    "levels",
    "meaning",
    "parse",
    "parse_file",
    "segment_to_json",
    "to_json",
    "write",
]
