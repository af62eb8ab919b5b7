"""healthcare.trigger.hl7"""

from typing import Annotated

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, Listens, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.messages.errors import UnknownMessage
from penstock_healthcare.messages.message import AGGREGATE, ReceivedMessage
from penstock_healthcare.messages.service import Messages

_Name = Annotated[str, Field(min_length=1, max_length=200)]


class Parameters(NodeParameters):
    """Which messages."""

    message_types: tuple[Annotated[str, Field(pattern=r"^[A-Z0-9]{3}(\^[A-Z0-9]{3})?$")], ...] = Field(
        default=(), max_length=100, description="MSH-9 as type and event: ORU^R01. Empty: all"
    )
    sending_applications: tuple[_Name, ...] = Field(default=(), max_length=100, description="MSH-3.1. Empty: all")
    sending_facilities: tuple[_Name, ...] = Field(default=(), max_length=100, description="MSH-4.1. Empty: all")


@node_type(
    "healthcare.trigger.hl7",
    kind=Kind.TRIGGER,
    parameters=Parameters,
    per_item=False,
    listens=Listens(
        kind=AGGREGATE.types.kind,
        types=("HL7MessageAccepted",),
        match={
            "data.message_type": "message_types",
            "data.sending_application": "sending_applications",
            "data.sending_facility": "sending_facilities",
        },
    ),
)
def hl7_message_received(call: Call[Parameters]) -> Outcome:
    """Start when an HL7 v2 message came in and was accepted.

    Emits one item: `message_id`, `message_type`, `control_id`, `sending_application`, `sending_facility`,
    `received_at`, and `raw`, base64 of the message's bytes as they were received. An execution that is started by hand
    with an item that has a `raw` gets that item as it is: so a workflow can be tried out.
    """
    return Emit.main([item if "raw" in item else _message(call, item) for item in call.items])


def _message(call: Call[Parameters], event: JSONObject) -> JSONObject:
    key, version = event.get("key"), event.get("version")
    if event.get("kind") != AGGREGATE.types.kind or not isinstance(key, str) or not isinstance(version, int):
        raise NodeFailure(
            "NoMessage", "the item is neither a received message's event nor has it a raw", permanent=True
        )
    try:
        return _item(Messages(call.services.store).get(call.tenant, key, version))
    except UnknownMessage as error:
        raise NodeFailure("UnknownMessage", str(error), permanent=True) from error


def _item(message: ReceivedMessage) -> JSONObject:
    names = ("message_type", "control_id", "sending_application", "sending_facility")
    header = {name: message.header.get(name, "") for name in names}
    return {"message_id": message.id.key, **header, "received_at": message.received_at, "raw": message.raw}
