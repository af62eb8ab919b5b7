"""healthcare.hl7.check"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare import hl7
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in

_SEVERITIES: Mapping[str, int] = {"information": 0, "warning": 1, "error": 2}
_MOST_FINDINGS = 100


class Parameters(NodeParameters):
    """What is looked at, and what counts."""

    message: str | None = Field(
        default=None, description="The message, base64 or text; the item's `raw` when left out", max_length=6_000_000
    )
    invalid_from: Literal["warning", "error"] = Field(
        default="error", description="The least severe finding that makes a message invalid"
    )


@node_type("healthcare.hl7.check", kind=Kind.QUERY, parameters=Parameters, outputs=("valid", "invalid"))
def check_hl7(call: Call[Parameters]) -> Outcome:
    """Check an HL7 v2 message against the standard: required fields, data types, segments, charset.

    Adds `findings` to the item, each with `path`, `severity`, `rule` and `message`; none quotes the message. Items
    leave by `valid` or `invalid`; a message that cannot be read at all is invalid too.
    """
    ports: dict[str, Items] = {"valid": [], "invalid": []}
    for item, parameters in call.each():
        findings = _findings(item, parameters)
        least = _SEVERITIES[parameters.invalid_from]
        is_valid = all(_SEVERITIES[found["severity"]] < least for found in findings)
        ports["valid" if is_valid else "invalid"].append({**item, "findings": findings[:_MOST_FINDINGS]})
    return Emit(ports)


def _findings(item: JSONObject, parameters: Parameters) -> Items:
    try:
        return [asdict(found) for found in hl7.check(message_in(item, parameters.message))]
    except NoMessage as error:
        return [
            {"path": error.location, "severity": "error", "rule": "readable", "message": error.reason, "code": "199"}
        ]
