"""Which events a definition cares for, and which of its instances each belongs to."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from penstock.json import JSON, JSONObject, canonical, loads
from penstock.nodes import event_trigger
from penstock.processes.definition import Move, Pattern, ProcessDefinition, Reaction
from penstock.workflows.expressions import ExpressionError, Scope, Where, resolve

OWN_KINDS = frozenset({"process", "process_definition", "feed"})
"""Kinds that no process can watch: its own would wake it for ever."""

LOOKUP = "process"
LONGEST_CORRELATION = 500


@lru_cache(maxsize=200)
def _parsed(definition: bytes) -> ProcessDefinition:
    return ProcessDefinition.model_validate(loads(definition))


def parsed(definition: JSONObject) -> ProcessDefinition:
    """A stored definition as its model; each is parsed once."""
    return _parsed(canonical(definition))


def reactions(definition: ProcessDefinition) -> Iterator[Reaction]:
    """Every reaction, in whichever state."""
    for state in definition.states:
        yield from state.reactions
    yield from definition.reactions


def moves(definition: ProcessDefinition) -> Iterator[Move]:
    """Every start, reaction and deadline."""
    yield from definition.starts
    yield from reactions(definition)
    yield from (state.deadline for state in definition.states if state.deadline)


def patterns(definition: ProcessDefinition) -> Iterator[Pattern]:
    """Every pattern: what starts it, then what it reacts to."""
    yield from (start.on for start in definition.starts)
    yield from (reaction.on for reaction in reactions(definition))


def found_by(definition: JSONObject) -> Iterable[tuple[str, str]]:
    """The lookups of a definition: the kinds of stream that its events come from."""
    return {(LOOKUP, pattern.kind) for pattern in patterns(parsed(definition))}


def matches(pattern: Pattern, item: JSONObject) -> bool:
    """Whether an event (as `event_item` makes it) is meant."""
    wanted = event_trigger.Parameters(types=(pattern.type,), kind=pattern.kind, match=pattern.match)
    return event_trigger.matches(wanted, item)


def correlation(definition: ProcessDefinition, pattern: Pattern, item: JSONObject, now: datetime) -> str | None:
    """What the event has in common with the others of its instance; None when that is no text or number.

    Raises ExpressionError.
    """
    scope = Scope(json=item, items=[item], now=now)
    value = resolve(pattern.correlation or definition.correlation, scope, where=Where("correlation"))
    return _text(value)


def correlations(definition: ProcessDefinition, item: JSONObject, now: datetime) -> Iterator[tuple[Pattern, str]]:
    """Every pattern that means the event, with the correlation by which it does.

    An expression that fails on the event relates it to nothing.
    """
    for pattern in patterns(definition):
        try:
            if matches(pattern, item) and (found := correlation(definition, pattern, item, now)):
                yield pattern, found
        except ExpressionError:
            continue


def instance_key(tenant: str, process: str, value: str) -> str:
    """The key of the one instance of a tenant's process with that correlation, whichever event is met first."""
    return uuid5(NAMESPACE_URL, f"process/{tenant}/{process}/{value}").hex


def _text(value: JSON) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return text if 0 < len(text := str(value)) <= LONGEST_CORRELATION else None
