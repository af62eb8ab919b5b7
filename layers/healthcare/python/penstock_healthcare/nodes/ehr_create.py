"""healthcare.ehr.create"""

from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, Outcome, node_type
from penstock_healthcare.nodes.ehr_calls import Servers, WritingParameters, given, servers, shown, told


class Parameters(WritingParameters):
    """What is created, and how it is known when it is there already."""

    resource: dict[str, Any] | None = Field(
        default=None, description="The resource, without an id; the item's `resource` when left out"
    )
    if_none_exist: str = Field(
        default="",
        max_length=2_000,
        description="A search that the resource alone meets: identifier=urn:oid:1.2.3|4711. Left out, its first "
        "identifier with a system",
    )


@node_type("healthcare.ehr.create", kind=Kind.ACTION, parameters=Parameters)
def create_in_ehr(call: Call[Parameters]) -> Outcome:
    """Create a resource at an outside FHIR server, once however often the node runs.

    What meets the condition is there already and is not made again: the server sees to it where its vendor knows
    conditional creates, and else it is searched for before. Adds `ehr` to the item: the `reference`, the `version`, and
    whether it was `created` now.
    """
    with servers(call) as known:
        return Emit.main([_created(known, index, *each) for index, each in enumerate(call.each())])


def _created(known: Servers, index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    resource = given(index, item, "resource", parameters.resource)
    condition = parameters.if_none_exist or _by_identifier(resource)
    if not condition and parameters.duplicates == "refuse":
        reason = (
            f"item {index}: if_none_exist: is needed, for the resource has no identifier with a system; "
            "or accept duplicates"
        )
        raise NodeFailure("NoCondition", reason, permanent=True)
    with told(index):
        return {**item, "ehr": shown(known.client(parameters.connection).create(resource, condition))}


def _by_identifier(resource: JSONObject) -> str:
    listed = resource.get("identifier")
    named = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    values = ((each.get("system"), each.get("value")) for each in named)
    found = next(((system, value) for system, value in values if system and value), None)
    return urlencode({"identifier": f"{found[0]}|{found[1]}"}) if found else ""
