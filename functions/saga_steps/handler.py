"""Performs the steps of sagas, and what undoes them, for their state machines.

What the machine must tell apart is the answer's `outcome`. An exception is an attempt that failed; the machine makes
the next one, with the same key. The function also hears of machines that stopped where they could record nothing.
"""

from typing import Any

from penstock.aws import wiring
from penstock.sagas.orders import order_of


def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """An order of a machine in, what came of it out."""
    return {"outcome": wiring.saga_steps().perform(order_of(event))}
