"""healthcare.fhir.patch"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.fhir.patching import MOST_OPERATIONS, operations, patched
from penstock_healthcare.nodes.resources import (
    Reference,
    Writing,
    each,
    exact,
    failing,
    interactions,
    with_told,
)


class Parameters(Writing):
    """What is changed in which resource."""

    reference: Reference = Field(description="The resource: Patient/12")
    patch: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST_OPERATIONS,
        description='JSON Patch: [{"op": "replace", "path": "/status", "value": "completed"}]. Operations are add, '
        "remove, replace, move, copy and test",
    )
    version: int | None = Field(
        default=None, ge=1, description="The version that the change is meant for; any when left out"
    )


@node_type("healthcare.fhir.patch", kind=Kind.ACTION, parameters=Parameters)
def patch_fhir(call: Call[Parameters]) -> Outcome:
    """Change parts of a stored FHIR resource by a JSON Patch (RFC 6902): all its operations or none.

    What comes of it must be valid R4. It takes effect once, however often the node runs. A `test` that does not hold
    fails it (`InvalidPatch`), as does a path that leads to nothing. Adds `written` to the item: the resource's
    `reference`, `id`, `version`, and whether it was `changed`.
    """
    return each(call, _patched)


def _patched(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    where, doing = f"item {index}: patch", interactions(call, index)
    kind, _, name = parameters.reference.partition("/")
    with failing(where):
        asked = operations(exact({"patch": parameters.patch}, where)["patch"])

    def change(resource: JSONObject) -> JSONObject:
        with failing(where):
            return exact(patched(resource, asked), where)

    with failing(where):
        written = doing.change(kind, name, change, parameters.version)
    return with_told(item, parameters.into, doing, written)
