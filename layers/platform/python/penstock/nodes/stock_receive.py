"""stock.receive"""

from pydantic import Field

from penstock.nodes.bookings import StockBooking
from penstock.sagas.participants import carry_out, stock
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type


class Parameters(StockBooking):
    """What comes in."""

    entry: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="What came in is known by it; the run's own key when left out",
    )


@node_type("stock.receive", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def receive_stock(call: Call[Parameters]) -> Outcome:
    """Units come in.

    Gives `sku`, `entry` and the units `available`. An entry is booked once, however often it is asked for.
    """
    p, entry = call.parameters, call.parameters.entry or call.key
    after = carry_out(call, stock.AGGREGATE, p.sku, lambda found: stock.receive(found, entry, p.quantity))
    return Emit.main([{"sku": p.sku, "entry": entry, "available": after.available}])
