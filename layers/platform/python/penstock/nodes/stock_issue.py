"""stock.issue"""

from pydantic import Field

from penstock.sagas.participants import carry_out, stock
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What is handed out."""

    sku: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The article")
    entry: str = Field(min_length=1, max_length=200, description="The reservation's entry, as it was given")


@node_type("stock.issue", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def issue_stock(call: Call[Parameters]) -> Outcome:
    """Hand out what was reserved: goods leave, a bed is taken.

    Refused when there is no such reservation. Asked for again, it changes nothing.
    """
    p = call.parameters
    after = carry_out(call, stock.AGGREGATE, p.sku, lambda found: stock.issue(found, p.entry))
    return Emit.main([{"sku": p.sku, "entry": p.entry, "available": after.available}])
