"""healthcare.fhir.save"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.resources import Saved
from penstock_healthcare.nodes.resources import commit, failing, identified, kept_in, origin

MOST_RESOURCES = 1_000
_AT_ONCE = 8


class Parameters(NodeParameters):
    """What is saved."""

    resources: list[dict[str, Any]] | None = Field(
        default=None, max_length=MOST_RESOURCES, description="FHIR resources; the item's `resources` when left out"
    )
    strict: bool = Field(
        default=False,
        description="Whether all of an item's resources must be valid R4, or none is kept. What comes of HL7 messages "
        "often lacks what R4 requires, and is better kept than lost",
    )


@node_type("healthcare.fhir.save", kind=Kind.ACTION, parameters=Parameters)
def save_fhir(call: Call[Parameters]) -> Outcome:
    """Keep FHIR resources: each as a new version of its own, where it says something new.

    Adds `saved` to the item: for each resource its `reference`, its `version` and whether it `changed`. Saving the same
    again changes nothing. They can be read at the FHIR endpoint.
    """
    return Emit.main([_saved(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _saved(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    resources = item.get("resources") if parameters.resources is None else parameters.resources
    if not isinstance(resources, list) or len(resources) > MOST_RESOURCES:
        reason = f"item {index}: resources: must be a list of at most {MOST_RESOURCES} resources"
        raise NodeFailure("NoResources", reason, permanent=True)
    if parameters.strict:
        resources = [identified(each, f"item {index}: resources[{place}]") for place, each in enumerate(resources)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        places = range(len(resources))
        saved = list(pool.map(lambda place: _save(call, index, place, resources[place]), places))
    return {**item, "saved": [asdict(each) for each in saved]}


def _save(call: Call[Parameters], index: int, place: int, resource: Any) -> Saved:
    where = f"item {index}: resources[{place}]"
    if not isinstance(resource, dict):
        raise NodeFailure("InvalidResource", f"{where}: must be an object", permanent=True)
    with failing(where):
        return kept_in(call).save(call.tenant, resource, origin(call), commit(call, index, place).hex)
