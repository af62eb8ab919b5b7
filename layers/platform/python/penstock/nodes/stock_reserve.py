"""stock.reserve"""

from pydantic import Field

from penstock.nodes.bookings import StockBooking
from penstock.sagas.participants import carry_out, stock
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type


class Parameters(StockBooking):
    """What is set aside."""

    entry: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The reservation is known by it; the run's own key when left out",
    )


@node_type("stock.reserve", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def reserve_stock(call: Call[Parameters]) -> Outcome:
    """Set units aside: goods in a warehouse, beds of a ward, devices of a pool.

    Gives `sku`, `entry` and the units `available`. Refused when there are too few. Asked for again, it changes nothing.
    """
    p, entry = call.parameters, call.parameters.entry or call.key
    after = carry_out(call, stock.AGGREGATE, p.sku, lambda found: stock.reserve(found, entry, p.quantity))
    return Emit.main([{"sku": p.sku, "entry": entry, "available": after.available}])
