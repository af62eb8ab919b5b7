"""healthcare.hl7.parse"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare import hl7
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in


class Parameters(NodeParameters):
    """Where the message is."""

    message: str | None = Field(
        default=None, description="The message, base64 or text; the item's `raw` when left out", max_length=6_000_000
    )


@node_type("healthcare.hl7.parse", kind=Kind.QUERY, parameters=Parameters)
def parse_hl7(call: Call[Parameters]) -> Outcome:
    """Read an HL7 v2 message into JSON.

    Adds `hl7` to the item: every segment by its name, every field by its number (`$json.hl7.PID["5"][0]["1"]`), and
    `message_type`, `control_id`, `version`, `sending_application`, `sending_facility`. What the item had stays. Fails
    when there is no message, or none that can be read.
    """
    return Emit.main([_parsed(index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _parsed(index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    try:
        message = message_in(item, parameters.message)
    except NoMessage as error:
        raise NodeFailure("NoMessage", f"item {index}: {error}", permanent=True) from error
    return {
        **item,
        "message_type": message.type,
        "control_id": message.control_id,
        "version": message.version,
        "sending_application": message.value("MSH-3"),
        "sending_facility": message.value("MSH-4"),
        "hl7": hl7.to_json(message),
    }
