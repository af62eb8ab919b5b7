"""healthcare.fhir.path"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, field_validator

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.errors import InvalidResource, NoDefinitions
from penstock_healthcare.nodes.resources import taken_in

MOST_RESOURCES = 1_000
MOST_FOUND = 1_000


class Parameters(NodeParameters):
    """What is looked for, and where."""

    expression: str = Field(
        min_length=1, max_length=10_000, description="FHIRPath, for each resource: name.where(use = 'official').given"
    )
    resources: list[dict[str, Any]] | None = Field(
        default=None, max_length=MOST_RESOURCES, description="FHIR resources; the item's `resources` when left out"
    )

    @field_validator("expression")
    @classmethod
    def _is_fhirpath(cls, expression: str) -> str:
        from penstock_healthcare.fhir.path import BadExpression, compiled

        try:
            compiled(expression)
        except BadExpression as error:
            raise ValueError(f"must be FHIRPath: {error}") from None
        return expression


@node_type("healthcare.fhir.path", kind=Kind.QUERY, parameters=Parameters, outputs=("found", "nothing"))
def look_into_fhir(call: Call[Parameters]) -> Outcome:
    """Look into FHIR R4 resources with a FHIRPath expression.

    Takes `resources`, or one `resource`. Adds `found` to the item: each result with `resource` (its place in the list),
    `path`, `type` and `value`; decimals are text. Items leave by `found` or, when there is none, by `nothing`. An
    expression that is no FHIRPath is refused before anything runs.
    """
    ports: dict[str, Items] = {"found": [], "nothing": []}
    for index, (item, parameters) in enumerate(call.each()):
        found = _found(index, item, parameters)
        ports["found" if found else "nothing"].append({**item, "found": found})
    return Emit(ports)


def _found(index: int, item: JSONObject, parameters: Parameters) -> list[JSONObject]:
    found: list[JSONObject] = []
    for place, resource in enumerate(taken_in(item, parameters.resources, MOST_RESOURCES, f"item {index}")):
        where = f"item {index}: resources[{place}]"
        found += ({"resource": place, **each} for each in _results(where, resource, parameters.expression))
        if len(found) > MOST_FOUND:
            raise NodeFailure("TooMuchFound", f"{where}: over {MOST_FOUND} results of an item", permanent=True)
    return found


def _results(where: str, resource: JSONObject, expression: str) -> Iterator[JSONObject]:
    """The decimals of items travel as text; as FHIR JSON they are numbers again."""
    from penstock_healthcare.fhir.definitions import r4
    from penstock_healthcare.fhir.formats import read
    from penstock_healthcare.fhir.node import tree
    from penstock_healthcare.fhir.path import PathError, evaluate
    from penstock_healthcare.fhir.path.results import described

    try:
        given = read(text.write(resource).encode()).resource
        root = tree(given, r4()) if given else None
        if root is None:
            raise NodeFailure("NoResources", f"{where}: must be a resource of a type of R4", permanent=True)
        yield from map(described, evaluate(expression, root))
    except PathError as error:
        raise NodeFailure(type(error).__name__, f"{where}: {error}", permanent=True) from error
    except (InvalidResource, TypeError, ValueError) as error:
        raise NodeFailure("NoResources", f"{where}: {error}", permanent=True) from error
    except NoDefinitions as error:
        raise NodeFailure("NoDefinitions", str(error), permanent=True) from error
