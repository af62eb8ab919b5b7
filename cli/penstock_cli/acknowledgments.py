"""What a receiver answered: MSA-1, and the ERR segments that say why."""

from typing import TYPE_CHECKING, Any

from penstock_cli.messages import Found
from penstock_cli.output import table
from penstock_healthcare.hl7 import HL7Error, Message, Segment, header_of, parse

if TYPE_CHECKING:
    from rich.table import Table


def told(sent: Found, answer: bytes) -> dict[str, Any]:
    """One message and its acknowledgment; `code` is empty when the answer is not one."""
    header = sent.message or header_of(sent.raw)
    try:
        acknowledgment = parse(answer)
    except HL7Error:
        return _entry(sent, header, "", [])
    return _entry(sent, header, acknowledgment.value("MSA-1"), [_why(each) for each in _errors(acknowledgment)])


def _entry(sent: Found, header: Message, code: str, errors: list[str]) -> dict[str, Any]:
    return {
        "file": sent.file,
        "message": sent.number,
        "type": header.type,
        "control_id": header.control_id,
        "code": code,
        "errors": errors,
    }


def _errors(acknowledgment: Message) -> list[Segment]:
    return acknowledgment.segments("ERR")


def _why(error: Segment) -> str:
    """ERR-8, with the place in ERR-2: `PID-3: …`."""
    place = error.value(2, 0, 1)
    field = error.value(2, 0, 3)
    where = f"{place}-{field}" if field else place
    return ": ".join(part for part in (where, error.value(8) or error.value(3, 0, 2)) if part)


def table_of(entries: list[dict[str, Any]]) -> "Table":
    """The acknowledgments, a row each."""
    columns = ("file", "type", "control_id", "code", "errors")
    rows = [[*(entry[column] for column in columns[:-1]), "; ".join(entry["errors"])] for entry in entries]
    return table(columns, rows)
