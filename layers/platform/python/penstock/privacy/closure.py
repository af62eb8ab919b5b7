"""Which transactions a transaction is part of, and which it has led to.

An execution is part of the transaction that started it, and is itself the correlation of what it writes. So one HL7
message leads to executions, and each of these to resources and events, under keys of their own.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from penstock.events import EventStore, InvalidStreamId, StreamId
from penstock.events.keyring import Family, Keyring, family_of
from penstock.workflows.execution.events import EVENTS

DEEPEST = 10
AT_ONCE = 16
"""Families that are asked for, or ended, at a time: a patient of many years has thousands."""


def above(store: EventStore, tenant: str, correlation: str) -> Iterator[str]:
    """The correlations of what the transaction is part of, the nearest first."""
    for _ in range(DEEPEST):
        try:
            execution = StreamId(tenant, EVENTS.kind, correlation)
        except InvalidStreamId:
            return
        first = next(iter(store.commits(execution)), None)
        if first is None or first.events[0].origin.correlation == correlation:
            return
        correlation = first.events[0].origin.correlation
        yield correlation


def below(keyring: Keyring, tenant: str, families: Iterable[str]) -> dict[str, Family]:
    """The families, and those of all that their streams have led to, each with what is known of it."""
    found: dict[str, Family] = {}
    level = set(families)
    for _ in range(DEEPEST):
        found |= each(keyring.family, tenant, level)
        executions = {stream for family in level for stream in found[family].streams if stream.kind == EVENTS.kind}
        level = {family_of(keyring, tenant, execution.key) for execution in executions} - found.keys()
        if not level:
            break
    return found


def each(ask: Callable[[str, str], Family], tenant: str, families: Iterable[str]) -> dict[str, Family]:
    """What a keyring answers of each family."""
    names = sorted(families)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(names, pool.map(lambda family: ask(tenant, family), names), strict=True))
