"""healthcare.fhir.transaction"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from penstock.fields import FieldPath, put
from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import InvalidBundle
from penstock_healthcare.fhir.interactions import Interactions
from penstock_healthcare.fhir.transactions import Planned, entries, own, planned, write
from penstock_healthcare.nodes.resources import each, exact, failing, given, interactions, told


class Parameters(NodeParameters):
    """What is done."""

    bundle: dict[str, Any] | None = Field(
        default=None, description="A Bundle of type transaction; the item's `bundle` when left out"
    )
    into: FieldPath = Field(
        default="written",
        description="The field of the item that gets a list: for each entry `method`, `reference`, `id`, `version`, "
        "`created` and `changed`",
    )


@node_type("healthcare.fhir.transaction", kind=Kind.ACTION, parameters=Parameters)
def fhir_transaction(call: Call[Parameters]) -> Outcome:
    """Do all that a FHIR transaction Bundle asks for, or nothing of it.

    Its entries create (POST), update (PUT) and delete (DELETE), also on conditions, and may refer to each other by
    `fullUrl`. All is checked before anything is written; a node that runs again after a crash goes on where it was
    cut off and doubles nothing. Adds `written` to the item: what became of each entry, in the Bundle's order.
    """
    return each(call, _done)


def _done(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    where = f"item {index}: bundle"
    bundle = exact(given(item, parameters.bundle, "bundle"), where)
    with failing(where):
        return put(item, parameters.into, transacted(interactions(call, index), bundle))


def transacted(doing: Interactions, bundle: JSONObject) -> Sequence[JSONObject]:
    """What became of each entry, in the Bundle's order. Raises InvalidBundle and what `planned` and `write` raise."""
    asked = entries(bundle)
    if bundle["type"] != "transaction":
        raise InvalidBundle("Bundle.type", "must be transaction")
    if reading := next((entry for entry in asked if entry.method == "GET"), None):
        raise InvalidBundle(
            f"{reading.path}.request.method", "must be DELETE, POST or PUT: what reads is done elsewhere"
        )
    done = {plan.entry.place: _written(doing, plan) for plan in planned(doing, asked)}
    return [done[entry.place] for entry in asked]


def _written(doing: Interactions, plan: Planned) -> JSONObject:
    written = write(doing, plan)
    return {"method": plan.entry.method, **told(own(doing, plan.entry), written)}
