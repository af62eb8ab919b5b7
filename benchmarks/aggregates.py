"""Aggregates saved and loaded, against PyPI `eventsourcing` in the same run: the same account, the same deposits.

Both go the whole way: events made, encoded, stored, read, decoded, folded. Ours in memory; theirs in memory (POPO) and
in SQLite in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate as PeerAggregate
from eventsourcing.domain import event as peer_event

from benchmarks.measuring import Figure, machine, rate
from penstock.events import Event, Origin, StreamId
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.memory import MemoryEventStore
from penstock.events.types import EventTypes

ACCOUNTS, SAVES, DEPOSITS = 100, 10, 10
EVENTS = EventTypes("account")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SQLITE = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": ":memory:"}


@EVENTS.type
@dataclass(frozen=True, slots=True)
class Deposited:
    """Money came in."""

    amount: int
    reference: str


class PeerAccount(PeerAggregate):
    """The peer's account."""

    def __init__(self) -> None:
        self.balance = 0

    @peer_event("Deposited")
    def deposit(self, amount: int, reference: str) -> None:  # noqa: ARG002 - kept in the event
        """Money came in."""
        self.balance += amount


def repository() -> Repository[int]:
    """Accounts of ours, in memory. Without snapshots, as the peer's."""

    def evolve(balance: int, event: Deposited, _: Event) -> int:
        return balance + event.amount

    return Repository(Aggregate(EVENTS, lambda _: 0, evolve), MemoryEventStore(), MemorySnapshotStore())


def save(accounts: Repository[int]) -> list[StreamId]:
    """Open the accounts and save deposits to each."""
    streams = [StreamId("bank", "account", f"a{number}") for number in range(ACCOUNTS)]
    for stream in streams:
        loaded = accounts.load(stream)
        for number in range(SAVES):
            deposits = [Deposited(n, f"invoice {number}") for n in range(DEPOSITS)]
            loaded = accounts.save(loaded, deposits, NOW, Origin("benchmark", "benchmark"))
    return streams


def peer_save(app: Application[Any]) -> list[UUID]:
    """The same with the peer."""
    found = []
    for _ in range(ACCOUNTS):
        account = PeerAccount()
        for number in range(SAVES):
            for n in range(DEPOSITS):
                account.deposit(n, f"invoice {number}")
            app.save(account)
        found.append(account.id)
    return found


TOTAL = ACCOUNTS * SAVES * DEPOSITS


def _ours_saved() -> int:
    save(repository())
    return TOTAL


def _peers_saved(environment: dict[str, str]) -> Callable[[], int]:
    def run() -> int:
        peer_save(Application(environment))
        return TOTAL

    return run


def _ours_loaded() -> Callable[[], int]:
    accounts = repository()
    streams = save(accounts)

    def run() -> int:
        _check(sum(accounts.load(stream).state for stream in streams))
        return TOTAL

    return run


def _peers_loaded(environment: dict[str, str]) -> Callable[[], int]:
    app: Application[Any] = Application(environment)
    ids = peer_save(app)

    def run() -> int:
        _check(sum(app.repository.get(each).balance for each in ids))
        return TOTAL

    return run


def _check(balance: int) -> None:
    expected = ACCOUNTS * SAVES * sum(range(DEPOSITS))
    if balance != expected:
        raise SystemExit(f"the balances come to {balance}, not {expected}")


def figures() -> list[Figure]:
    """Ours beside each of the peer's."""
    peers: dict[str, dict[str, str]] = {"in memory": {}, "SQLite": SQLITE}
    saved, loaded = rate("saved", _ours_saved), rate("loaded", _ours_loaded())
    return [
        ours.beside(f"eventsourcing 9.5.6, {name}", rate(name, theirs(environment)).median)
        for ours, theirs in ((saved, _peers_saved), (loaded, _peers_loaded))
        for name, environment in peers.items()
    ]


def main() -> None:
    """Print the table."""
    print(f"{machine()}\n\n| events/s | Penstock, median | range | beside | its median | ratio |")
    print("| --- | ---: | ---: | --- | ---: | ---: |")
    for found in figures():
        spread = f"{found.lowest:,.0f}–{found.highest:,.0f}"
        print(
            f"| {found.name} | {found.median:,.0f} | {spread} | {found.peer} | {found.peer_median:,.0f} "
            f"| {found.ratio:.1f} × |"
        )


if __name__ == "__main__":
    main()
