"""What an expression can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from penstock.json import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The data of one item at one node. Nothing here is written to, and results may share its objects.

    json        the current item (`$json`)
    item_index  its place in `items`, from 0 (`$itemIndex`)
    items       every item of the current input (`$input`, `$items`)
    inputs      the items by input port (`$input.port('right')`)
    nodes       the items that an earlier node emitted, by node name (`$('Name')`); read only when mentioned
    workflow    id, name, version (`$workflow`)
    execution   id, mode (`$execution`)
    now         aware, UTC; the only clock that an expression sees (`$now`, `$today`, `new Date()`)
    vars        the tenant's variables (`$vars`)
    """

    json: JSON
    now: datetime
    item_index: int = 0
    items: Sequence[JSON] = ()
    inputs: Mapping[str, Sequence[JSON]] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[JSON]] = field(default_factory=dict)
    workflow: Mapping[str, JSON] = field(default_factory=dict)
    execution: Mapping[str, JSON] = field(default_factory=dict)
    vars: Mapping[str, JSON] = field(default_factory=dict)
