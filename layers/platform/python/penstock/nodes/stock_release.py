"""stock.release"""

from pydantic import Field

from penstock.sagas.participants import carry_out, stock
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """Which reservation is given up."""

    sku: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The article")
    entry: str = Field(min_length=1, max_length=200, description="The reservation's entry, as it was given")


@node_type("stock.release", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def release_stock(call: Call[Parameters]) -> Outcome:
    """Give a reservation up.

    A reservation that never came is refused should it come later, so that undoing is safe when nobody knows whether
    the reservation was made. Refused once what was reserved has been handed out.
    """
    p = call.parameters
    after = carry_out(call, stock.AGGREGATE, p.sku, lambda found: stock.release(found, p.entry))
    return Emit.main([{"sku": p.sku, "entry": p.entry, "available": after.available}])
