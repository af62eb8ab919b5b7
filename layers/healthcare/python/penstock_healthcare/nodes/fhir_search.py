"""healthcare.fhir.search"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.accepting import known
from penstock_healthcare.fhir.search.asking import CURSOR, LARGEST_COUNT, MOST_PARAMETERS, USUAL_COUNT, asked
from penstock_healthcare.fhir.search.including import included
from penstock_healthcare.nodes.resources import each, failing, finder, read_documents

Value = Annotated[str, Field(max_length=2_000)]


class Parameters(NodeParameters):
    """What is searched for."""

    resource_type: str = Field(pattern=r"^[A-Z][A-Za-z]{1,63}$", description="The resources' type: Observation")
    search: dict[str, Value | list[Value]] = Field(
        default_factory=dict,
        max_length=MOST_PARAMETERS,
        description="R4's search parameters of the type, with `_sort`, `_include` and `_revinclude`: "
        '{"patient": "Patient/12", "date": ["ge2026-01-01", "lt2027-01-01"]}. A list asks for all of its values',
    )
    count: int = Field(default=USUAL_COUNT, ge=1, le=LARGEST_COUNT, description="How many at most")
    cursor: str | None = Field(default=None, max_length=8_192, description="The `next` of the page before")


@node_type("healthcare.fhir.search", kind=Kind.QUERY, parameters=Parameters)
def search_fhir(call: Call[Parameters]) -> Outcome:
    """Search the FHIR resources that are kept, by R4's own search parameters.

    Adds to the item `resources`, those that were found, changed last first without `_sort`; `included`, what they bring
    along; and `next`, the cursor of the page that follows, null after the last. A parameter that the type does not have
    fails it. What was written a moment ago may not be found yet.
    """
    return each(call, _with_found)


def _with_found(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    with failing(f"item {index}: resource_type"):
        kind = known(parameters.resource_type)
    with failing(f"item {index}: search"):
        query = asked(kind, list(_pairs(parameters)), strict=True)
        found = finder(call).find(query)
        extra = included(finder(call), query, found.matches)
        return {
            **item,
            "resources": read_documents(call, found.matches),
            "included": read_documents(call, extra),
            "next": found.next,
        }


def _pairs(parameters: Parameters) -> Iterator[tuple[str, str]]:
    for name, value in parameters.search.items():
        values: Sequence[str] = [value] if isinstance(value, str) else value
        yield from ((name, each_value) for each_value in values)
    yield "_count", str(parameters.count)
    if parameters.cursor:
        yield CURSOR, parameters.cursor
