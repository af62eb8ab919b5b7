"""Raw bytes → accepted or rejected. Pure; no error text quotes the message.

Rejected is what nobody could process: bytes that are no HL7 message (AR), several messages in one (AE), a message
without a type (AR, HL7 2.5.1 chapter 2, section 2.9.2.2) or without a control id, which no acknowledgment could name
(AE).
Everything else is accepted, its findings kept: what is missing in it is for a workflow to judge.
"""

from collections.abc import Mapping
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare import hl7
from penstock_healthcare.messages.events import HL7MessageAccepted, HL7MessageRejected

MOST_FINDINGS = 100
_LONGEST_NAME = 200
_OTHER_ERROR = "199"

_FATAL: Mapping[tuple[str, str], str] = {
    ("MSH[1]", "one-message"): "AE",
    ("MSH-9", "required"): "AR",
    ("MSH-10", "required"): "AE",
}
"""Findings, by path and rule, that make a message unprocessable, and how they are acknowledged."""


def read(raw: bytes) -> HL7MessageAccepted | HL7MessageRejected:
    """What becomes of the message."""
    try:
        message = hl7.parse(raw)
        findings = hl7.check(message)[:MOST_FINDINGS]
    except hl7.HL7Error as error:
        return _unreadable(raw, error)
    fatal = next((found for found in findings if (found.path, found.rule) in _FATAL), None)
    entries = [_entry(found) for found in findings]
    if fatal:
        return HL7MessageRejected(error=_fault(fatal), **_sender(message), findings=entries)
    return HL7MessageAccepted(
        structure=_name(message.structure),
        version=_name(message.version),
        charset=_name(message.charset),
        findings=entries,
        **_sender(message),
    )


def _unreadable(raw: bytes, error: hl7.HL7Error) -> HL7MessageRejected:
    fault: JSONObject = {
        "code": _OTHER_ERROR,
        "location": getattr(error, "segment", ""),
        "message": str(error),
        "rule": type(error).__name__,
        "acknowledgment": "AR",
    }
    return HL7MessageRejected(error=fault, **_sender(hl7.header_of(raw)), findings=[])


def _sender(message: hl7.Message) -> dict[str, Any]:
    return {
        "message_type": _name(message.type),
        "control_id": _name(message.control_id),
        "sending_application": _name(message.value("MSH-3")),
        "sending_facility": _name(message.value("MSH-4")),
    }


def _entry(found: hl7.Finding) -> JSONObject:
    return {
        "path": found.path,
        "severity": found.severity,
        "rule": found.rule,
        "message": found.message,
        "code": found.code,
    }


def _fault(found: hl7.Finding) -> JSONObject:
    return {
        "code": found.code,
        "location": found.path,
        "message": found.message,
        "rule": found.rule,
        "acknowledgment": _FATAL[found.path, found.rule],
    }


def _name(text: str) -> str:
    return text[:_LONGEST_NAME]
