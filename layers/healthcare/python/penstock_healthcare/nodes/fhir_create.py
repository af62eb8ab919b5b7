"""healthcare.fhir.create"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.resources import Writing, accepted, each, failing, given, interactions, with_told


class Parameters(Writing):
    """What is created."""

    resource: dict[str, Any] | None = Field(
        default=None, description="A FHIR resource; the item's `resource` when left out. An id of its own is not kept"
    )
    unless: str | None = Field(
        default=None,
        min_length=1,
        max_length=2_000,
        description="A search that says when there is one already: identifier=urn:mrn|12. One that meets it is taken",
    )


@node_type("healthcare.fhir.create", kind=Kind.ACTION, parameters=Parameters)
def create_fhir(call: Call[Parameters]) -> Outcome:
    """Create a FHIR resource under a new id, once however often the node runs.

    The resource must be valid R4. Adds `written` to the item: its `reference`, `id` and `version`, and whether it was
    `created`. With `unless` nothing is created where a resource meets that search; several that do are refused.
    """
    return each(call, _created)


def _created(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    where, doing = f"item {index}: resource", interactions(call, index)
    resource = accepted(given(item, parameters.resource, "resource"), where)
    with failing(f"item {index}: unless" if parameters.unless else where):
        written = doing.create(resource, parameters.unless)
    return with_told(item, parameters.into, doing, written)
