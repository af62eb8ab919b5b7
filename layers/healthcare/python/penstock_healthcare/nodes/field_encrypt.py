"""healthcare.field.encrypt"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.nodes.fields import PURPOSE, Fields
from penstock_healthcare.phi.errors import NotSealed
from penstock_healthcare.phi.sealed_items import seal_item
from penstock_healthcare.phi.sealing import FieldSeal


class Parameters(NodeParameters):
    """Which fields, and what for."""

    fields: Fields
    purpose: str = Field(
        pattern=PURPOSE,
        description="What they are kept for: billing. They open for this purpose alone",
    )


@node_type("healthcare.field.encrypt", kind=Kind.COMPLIANCE, parameters=Parameters)
def encrypt_fields(call: Call[Parameters]) -> Outcome:
    """Encrypt single fields of items, so that they open only for the same tenant and purpose.

    Each field must be text; it becomes `sealed:1:…` in place. What is sealed for the purpose already stays as it is.
    Equal texts do not look alike. Fails when a field is not there or is no text; nothing goes out half sealed. The keys
    are the tenant's own; ending those of a purpose makes all its fields unreadable.
    """
    return Emit.main([_sealed(call, index, item, given) for index, (item, given) in enumerate(call.each())])


def _sealed(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    try:
        return seal_item(FieldSeal(call.services.keyring), call.tenant, given.purpose, item, given.fields)
    except NotSealed as error:
        raise NodeFailure("NotSealed", f"item {index}: {error}", permanent=True) from error
