"""Makes good what crashed between storing and doing it: a saga's machine that was to be made, or to be started.

Nearly always there is nothing to do: it was done long before this function looks. It also takes away the machines of
archived sagas that no run is on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import consume
from penstock.events import StreamId
from penstock.sagas import events, lifecycle

CATCH_UP: Mapping[str, Callable[[StreamId], None]] = {
    events.EVENTS.kind: lambda run: wiring.sagas().carry_on(run),
    lifecycle.EVENTS.kind: lambda saga: wiring.own_sagas().settle(saga),
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Nudges from the queue in, those that failed out."""
    return consume(event, context, lambda stream: CATCH_UP[stream.kind](stream))
