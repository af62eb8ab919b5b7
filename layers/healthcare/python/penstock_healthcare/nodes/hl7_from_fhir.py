"""healthcare.hl7.from_fhir"""

import base64
from typing import Annotated, Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import InvalidResource, NotMapped
from penstock_healthcare.fhir.to_hl7 import Profile, to_hl7
from penstock_healthcare.hl7 import HL7Error, Message

_LONGEST_CONTROL_ID = 20
_Party = Annotated[str, Field(max_length=227, pattern=r"^[^|~\\\r\n]*$")]


class Parameters(NodeParameters):
    """What becomes a message, and whose."""

    message_type: str = Field(
        pattern=r"^(ADT|ORU|SIU)[_^][A-Z]\d\d$", description="The message's type and event: ADT_A01, ORU_R01, SIU_S12"
    )
    resources: list[dict[str, Any]] | None = Field(
        default=None,
        max_length=1_000,
        description="FHIR resources; the item's `bundle`, else its `resources`, when left out",
    )
    sending_application: _Party = Field(default="PENSTOCK", description="MSH-3, with its components")
    sending_facility: _Party = Field(default="", description="MSH-4")
    receiving_application: _Party = Field(default="", description="MSH-5")
    receiving_facility: _Party = Field(default="", description="MSH-6")
    version: str = Field(default="2.5.1", pattern=r"^2\.[3-8](\.\d)?$", description="MSH-12")


@node_type("healthcare.hl7.from_fhir", kind=Kind.QUERY, parameters=Parameters)
def fhir_to_hl7(call: Call[Parameters]) -> Outcome:
    """Make an HL7 v2 message of FHIR R4 resources: ADT, ORU or SIU, by the maps that read those messages.

    Adds to the item `raw`, base64 of the message, its `message_type` and its `control_id`, which is the same when the
    node runs again. Codes that came with a message go back as they were sent. What the message has no segment for stays
    behind. Fails on what is no resource.
    """
    return Emit.main([_written(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _written(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    control_id = call.id_for(index).hex[:_LONGEST_CONTROL_ID].upper()
    message = _message(call, index, item, parameters, control_id)
    raw = base64.b64encode(bytes(message)).decode()
    return {**item, "raw": raw, "message_type": message.type, "control_id": control_id}


def _message(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters, control_id: str) -> Message:
    given = parameters.resources or item.get("bundle") or item.get("resources")
    if not isinstance(given, list | dict) or not given:
        reason = f"item {index}: neither parameters nor item have resources"
        raise NodeFailure("NoResources", reason, permanent=True)
    profile = Profile(**parameters.model_dump(exclude={"message_type", "resources"}))
    try:
        return to_hl7(given, parameters.message_type, control_id=control_id, timestamp=call.now, profile=profile)
    except (InvalidResource, NotMapped, HL7Error) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from error
