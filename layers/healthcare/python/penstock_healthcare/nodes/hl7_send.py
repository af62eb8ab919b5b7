"""healthcare.hl7.send"""

from pydantic import Field

from penstock.events import CommitTooLarge, Origin
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in
from penstock_healthcare.outbound.checking import sendable
from penstock_healthcare.outbound.errors import Unsendable
from penstock_healthcare.outbound.service import Order, Outbound

MOST_MESSAGES = 1_000


class Parameters(NodeParameters):
    """What goes where."""

    destination: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="The receiver, by the name that the gateway's settings give it",
    )
    message: str | None = Field(
        default=None, description="The message, base64 or text; the item's `raw` when left out", max_length=6_000_000
    )


@node_type("healthcare.hl7.send", kind=Kind.ACTION, parameters=Parameters)
def send_hl7(call: Call[Parameters]) -> Outcome:
    """Send an HL7 v2 message to a hospital system by MLLP.

    The message is stored and queued; the gateway that knows the destination sends it, byte for byte, until it is
    acknowledged. An execution's messages to one destination arrive in the order in which it sent them. Adds
    `outbound_id` to the item: what became of the message is told under it. Fails when there is no message, or none that
    its receiver could confirm: it needs a control id (MSH-10).
    """
    if len(call.items) > MOST_MESSAGES:
        reason = f"{len(call.items)} items; at most {MOST_MESSAGES} a run"
        raise NodeFailure("TooManyMessages", reason, permanent=True)
    orders = [_order(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())]
    origin = Origin(f"workflow:{call.workflow}", call.execution)
    try:
        service = Outbound(call.services.store, lambda: call.now)
        service.queue(call.tenant, orders, origin, call.execution, call.key)
    except CommitTooLarge as large:
        reason = f"a message of {large.size} bytes is over the limit of {large.limit}"
        raise NodeFailure("MessageTooLarge", reason, permanent=True) from None
    return Emit.main([{**item, "outbound_id": order.name} for item, order in zip(call.items, orders, strict=True)])


def _order(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> Order:
    name = call.id_for(index).hex
    try:
        message = message_in(item, parameters.message)
        sendable(message)
    except (NoMessage, Unsendable) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from error
    return Order(name, parameters.destination, message)
