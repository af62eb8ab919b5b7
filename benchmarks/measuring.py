"""How things are measured: medians of several runs, the machine named, peers in the same run."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

RUNS = 5


@dataclass(frozen=True)
class Figure:
    """A rate: units a second at the median of the runs, with the lowest and the highest; and a peer's, if any."""

    name: str
    median: float
    lowest: float
    highest: float
    peer: str = ""
    peer_median: float = 0

    def beside(self, peer: str, median: float) -> "Figure":
        """The figure with a peer's."""
        return replace(self, peer=peer, peer_median=median)

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure it is."""
        return self.median / self.peer_median if self.peer_median else None


def rate(name: str, run: Callable[[], int], runs: int = RUNS) -> Figure:
    """Call `run`, which returns how many units it did, once to warm up and then `runs` times."""
    run()
    rates = []
    for _ in range(runs):
        begun = time.perf_counter()
        units = run()
        rates.append(units / (time.perf_counter() - begun))
    return Figure(name, statistics.median(rates), min(rates), max(rates))


def machine() -> str:
    """One line on what this ran on."""
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"
