"""What reaches the function that performs steps: orders of machines, and news of machines that have stopped."""

from typing import Any

from penstock.json import JSONObject, loads
from penstock.sagas.steps import Order


def order_of(event: JSONObject) -> Order:
    """The order in an event. A machine that failed, ran out of time or was aborted leaves its run to a person.

    Raises ValueError on anything else.
    """
    if "detail" in event:
        given: Any = loads(event["detail"]["input"])
        return Order(given["tenant"], given["run"], "attention", "", given["resumption"])
    try:
        return Order(**event)
    except TypeError:
        raise ValueError("this is no order of a saga's machine") from None
