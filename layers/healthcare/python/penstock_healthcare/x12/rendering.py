"""An interchange as one JSON object, for workflow items.

    {"control_id": "000000905", "sender": "CLINIC", "receiver": "PAYER", "version": "00501", "test": false,
     "groups": [{"type": "HB", "version": "005010X279A1", "control_id": "1", "transactions": [
         {"type": "271", "control_id": "0001", "guide": "005010X279A1", "segments": [
             {"id": "NM1", "1": "IL", "2": "1", "3": "Doe"}, {"id": "EB", "1": "1", "3": ["30", "35"]}, …]}]}]}

Elements stand by their number; empty ones are left out. A repeated element is a list, one of several components an
object by number.
"""

from typing import Any

from penstock_healthcare.x12.interchange import Group, Interchange, Transaction
from penstock_healthcare.x12.segment import Segment


def to_json(interchange: Interchange) -> dict[str, Any]:
    """The object described above."""
    return {
        "control_id": interchange.control_id,
        "sender": interchange.sender,
        "receiver": interchange.receiver,
        "version": interchange.header[12],
        "test": interchange.is_test,
        "groups": [_group(group) for group in interchange.groups],
    }


def segment_to_json(segment: Segment) -> dict[str, Any]:
    """Elements by number, those not valued left out."""
    valued = {str(number): text for number, text in enumerate(segment.elements, 1) if text}
    if segment.id == "ISA":
        return {"id": "ISA", **valued}
    return {"id": segment.id, **{number: _element(segment, int(number)) for number in valued}}


def _group(group: Group) -> dict[str, Any]:
    return {
        "type": group.header[1] if group.header else "",
        "version": group.version,
        "control_id": group.control_id,
        "transactions": [_transaction(each) for each in group.transactions],
    }


def _transaction(transaction: Transaction) -> dict[str, Any]:
    segments = [segment_to_json(segment) for segment in transaction.segments]
    return {
        "type": transaction.type,
        "control_id": transaction.control_id,
        "guide": transaction.guide,
        "segments": segments,
    }


def _element(segment: Segment, number: int) -> Any:
    parts = [_composite(text, segment.delimiters.component) for text in segment.repetitions(number)]
    return parts[0] if len(parts) == 1 else parts


def _composite(text: str, mark: str) -> Any:
    parts = text.split(mark)
    return text if len(parts) == 1 else {str(number): part for number, part in enumerate(parts, 1) if part}
