"""healthcare.fhir.validate"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.errors import NoDefinitions
from penstock_healthcare.nodes.resources import taken_in

if TYPE_CHECKING:
    from penstock_healthcare.fhir.validation import Finding

MOST_RESOURCES = 1_000
_MOST_FINDINGS = 200


class Parameters(NodeParameters):
    """What is validated, and against what."""

    resources: list[dict[str, Any]] | None = Field(
        default=None, max_length=MOST_RESOURCES, description="FHIR resources; the item's `resources` when left out"
    )
    profiles: tuple[str, ...] = Field(
        default=(), max_length=20, description="URLs of R4's profiles that each resource must conform to"
    )


@node_type("healthcare.fhir.validate", kind=Kind.QUERY, parameters=Parameters, outputs=("valid", "invalid"))
def validate_fhir(call: Call[Parameters]) -> Outcome:
    """Validate FHIR R4 resources: structure, types, codes, references, profiles and invariants.

    Takes `resources`, or one `resource`. Adds `findings` to the item, each with `resource` (its place in the list),
    `severity`, `code`, `rule`, `location` (a FHIRPath) and `message`; none quotes a value. Items leave by `valid` or
    `invalid`; warnings do not make a resource invalid.
    """
    from penstock_healthcare.fhir.validation import is_valid

    ports: dict[str, Items] = {"valid": [], "invalid": []}
    for index, (item, parameters) in enumerate(call.each()):
        found = [
            _found(resource, parameters, index)
            for resource in taken_in(item, parameters.resources, MOST_RESOURCES, f"item {index}")
        ]
        told = [{"resource": place, **asdict(each)} for place, findings in enumerate(found) for each in findings]
        port = "valid" if all(map(is_valid, found)) else "invalid"
        ports[port].append({**item, "findings": told[:_MOST_FINDINGS]})
    return Emit(ports)


def _found(resource: JSONObject, parameters: Parameters, index: int) -> "tuple[Finding, ...]":
    """The decimals of items travel as text; as FHIR JSON they are numbers again."""
    from penstock_healthcare.fhir.validation import validate_text

    try:
        return validate_text(text.write(resource).encode(), parameters.profiles)
    except (TypeError, ValueError) as error:
        raise NodeFailure("NoResources", f"item {index}: {error}", permanent=True) from error
    except NoDefinitions as error:
        raise NodeFailure("NoDefinitions", str(error), permanent=True) from error
