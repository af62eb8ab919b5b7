"""core.merge"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import chain, zip_longest
from typing import Any

from pydantic import Field

from penstock.json import JSONObject, canonical
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, Ports, node_type

Inputs = Sequence[Sequence[JSONObject]]
MOST_INPUTS = 20


class Mode(StrEnum):
    """How items of several inputs become one list."""

    APPEND = "append"
    BY_KEY = "by_key"
    BY_POSITION = "by_position"
    WAIT = "wait"


class Parameters(NodeParameters):
    """How to merge."""

    mode: Mode = Field(
        default=Mode.APPEND,
        description="append: one input's items after the other's; by_key: items with equal key fields become one; "
        "by_position: the first with the first …; wait: only wait for all, and pass the first input's items on",
    )
    inputs: int = Field(default=2, ge=2, le=MOST_INPUTS, description="How many inputs: input1, input2 …")
    keys: list[str] = Field(default=[], max_length=20, description="The key fields of by_key")
    unmatched: bool = Field(default=True, description="Whether by_key keeps items without a partner")


def _ports(parameters: JSONObject) -> tuple[Ports, Ports]:
    """As many inputs as are asked for, if that is a number that is allowed; the parameters are checked elsewhere."""
    asked = parameters.get("inputs", 2)
    count = asked if isinstance(asked, int) and 2 <= asked <= MOST_INPUTS else 2
    return tuple(f"input{number}" for number in range(1, count + 1)), ("main",)


@node_type(
    "core.merge",
    kind=Kind.CONTROL,
    parameters=Parameters,
    inputs=("input1", "input2"),
    join="all",
    per_item=False,
    ports=_ports,
)
def merge(call: Call[Parameters]) -> Outcome:
    """Bring several branches together.

    Runs when every connected input has items, or when those that have none can no longer get any.
    """
    parameters = call.parameters
    if parameters.mode is Mode.BY_KEY and not parameters.keys:
        raise NodeFailure("InvalidParameters", "keys: by_key needs at least one key field", permanent=True)
    return Emit.main(_MERGE[parameters.mode](list(call.inputs.values()), parameters))


def _append(inputs: Inputs, _: Parameters) -> Sequence[JSONObject]:
    return list(chain.from_iterable(inputs))


def _by_position(inputs: Inputs, _: Parameters) -> Sequence[JSONObject]:
    return [_joined(partners) for partners in zip_longest(*inputs, fillvalue={})]


def _by_key(inputs: Inputs, parameters: Parameters) -> Sequence[JSONObject]:
    partners: dict[bytes, list[JSONObject]] = {}
    for item in chain.from_iterable(inputs):
        partners.setdefault(canonical([item.get(key) for key in parameters.keys]), []).append(item)
    return [_joined(items) for items in partners.values() if parameters.unmatched or len(items) > 1]


def _wait(inputs: Inputs, _: Parameters) -> Sequence[JSONObject]:
    return next((items for items in inputs if items), ())


def _joined(items: Sequence[JSONObject]) -> JSONObject:
    """One object with the fields of all; a later input's field wins."""
    joined: dict[str, Any] = {}
    for item in items:
        joined.update(item)
    return joined


_MERGE: Mapping[Mode, Callable[[Inputs, Parameters], Sequence[JSONObject]]] = {
    Mode.APPEND: _append,
    Mode.BY_KEY: _by_key,
    Mode.BY_POSITION: _by_position,
    Mode.WAIT: _wait,
}
