"""Segments to groups and transaction sets, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from penstock_healthcare.x12.interchange import Group, Interchange, Transaction
from penstock_healthcare.x12.segment import Segment

_BETWEEN = frozenset({"ISA", "IEA", "TA1"})
"""What belongs to the interchange itself."""


@dataclass
class _Open:
    """A group that is being read."""

    header: Segment | None
    number: int
    transactions: list[Transaction] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)

    def closed(self, trailer: Segment | None) -> Group:
        return Group(self.header, self.transactions, trailer, self.number, self.stray)


@dataclass
class _Fold:
    groups: list[Group] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)
    group: _Open | None = None
    begun: int | None = None
    """The index of the ST that is open."""


def fold(interchange: Interchange) -> tuple[Sequence[Group], Sequence[int]]:
    """The groups, and the places (from 1) of segments that are in none."""
    state = _Fold()
    segments = interchange.segments
    for index, segment in enumerate(segments):
        _STEPS.get(segment.id, _content)(state, segments, index)
    _end_set(state, segments, len(segments))
    _end_group(state, None)
    return state.groups, state.stray


def _begin_group(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    _end_set(state, segments, index)
    _end_group(state, None)
    state.group = _Open(segments[index], index + 1)


def _close_group(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    _end_set(state, segments, index)
    if state.group is None:
        state.stray.append(index + 1)
    _end_group(state, segments[index])


def _begin_set(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    _end_set(state, segments, index)
    if state.group is None:
        state.group = _Open(None, index + 1)
    state.begun = index


def _close_set(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    if state.begun is None:
        _stray(state, index)
    else:
        _end_set(state, segments, index + 1)


def _close_interchange(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    _end_set(state, segments, index)
    _end_group(state, None)


def _content(state: _Fold, segments: Sequence[Segment], index: int) -> None:
    if state.begun is None and (state.group is not None or segments[index].id not in _BETWEEN):
        _stray(state, index)


def _stray(state: _Fold, index: int) -> None:
    (state.stray if state.group is None else state.group.stray).append(index + 1)


def _end_set(state: _Fold, segments: Sequence[Segment], end: int) -> None:
    if state.begun is not None and state.group is not None:
        state.group.transactions.append(Transaction(segments[state.begun : end], state.begun + 1))
    state.begun = None


def _end_group(state: _Fold, trailer: Segment | None) -> None:
    if state.group is not None:
        state.groups.append(state.group.closed(trailer))
    state.group = None


_STEPS = {
    "GS": _begin_group,
    "GE": _close_group,
    "ST": _begin_set,
    "SE": _close_set,
    "IEA": _close_interchange,
}
