"""The participants of the built-in sagas: real aggregates with what a saga asks of whoever takes part in one.

Everything they do has an `entry`, the key that stays the same when it is asked for again: an entry is carried out
once; undoing one that never came is remembered too, so that it cannot come late and stay.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from penstock.events import Conflict, InvalidStreamId, Origin
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import MOST_RIVALS, settle
from penstock.workflows.node import Call, NodeFailure

S = TypeVar("S")
REMEMBERED = 10_000
"""How many settled entries are remembered; an entry does not come again after so many others."""


class Refused(NodeFailure):
    """The participant has done nothing, and will not."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message, permanent=True)


def carry_out(call: Call[Any], aggregate: Aggregate[S], key: str, decide: Callable[[S], Sequence[Any]]) -> S:
    """The state after what was decided is stored; decided anew when another writer was first.

    Raises Refused, and a NodeFailure that is worth another attempt when there are too many writers.
    """
    repository = Repository(aggregate, call.services.store, MemorySnapshotStore())
    try:
        stream = aggregate.stream(call.tenant, key)
    except InvalidStreamId as error:
        raise Refused("InvalidKey", str(error)) from None
    origin = Origin(f"workflow:{call.workflow}", call.execution)
    try:
        return settle(repository, stream, decide, lambda _: origin, lambda: call.now)[0].state
    except Conflict:
        raise NodeFailure("Contention", f"{MOST_RIVALS} other writers were first") from None
