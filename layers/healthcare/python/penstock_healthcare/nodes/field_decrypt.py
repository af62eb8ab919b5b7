"""healthcare.field.decrypt"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.nodes.fields import PURPOSE, Fields
from penstock_healthcare.phi.errors import NotOpened, NotSealed
from penstock_healthcare.phi.sealed_items import open_item
from penstock_healthcare.phi.sealing import FieldSeal


class Parameters(NodeParameters):
    """Which fields, and what for."""

    fields: Fields
    purpose: str = Field(pattern=PURPOSE, description="The purpose that they were encrypted for")


@node_type("healthcare.field.decrypt", kind=Kind.COMPLIANCE, parameters=Parameters)
def decrypt_fields(call: Call[Parameters]) -> Outcome:
    """Decrypt single fields of items that `healthcare.field.encrypt` encrypted for the same tenant and purpose.

    Fails with `NotOpened` when a field was sealed for another tenant or purpose, was changed since, is not sealed, or
    its key was ended; with `NotSealed` when it is not there. Decrypt where the text is needed, and no earlier.
    """
    return Emit.main([_opened(call, index, item, given) for index, (item, given) in enumerate(call.each())])


def _opened(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    try:
        return open_item(FieldSeal(call.services.keyring), call.tenant, given.purpose, item, given.fields)
    except (NotOpened, NotSealed) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from error
