"""Counters that add up: a tally of runs, and one for each node beside it.

What one event changes has the same shape as what a day comes to. Adding is associative and commutative, so that it
does not matter in which portions the events come. Only `within` depends on the order: when there are too many, the
nodes and errors that came first keep a name of their own. No count is lost by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from penstock.json import JSONObject
from penstock.metrics.sketch import Sketch

OTHER = "other"
MOST_NODES = 100
MOST_ERRORS = 50
LONGEST_NAME = 120
"""A row with as many of each as these limits allow stays below the 350 KB that a row may have."""

NOTHING = Sketch()


@dataclass(frozen=True, slots=True)
class Tally:
    """How often what happened, how long it took, and the types of what went wrong."""

    counts: Mapping[str, int] = field(default_factory=dict)
    durations: Sketch = NOTHING
    errors: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def sum(cls, tallies: Sequence["Tally"]) -> "Tally":
        """All of them together."""
        counts, errors = Counter[str](), Counter[str]()
        for tally in tallies:
            counts.update(tally.counts)
            errors.update(tally.errors)
        return cls(counts, Sketch.sum(tally.durations for tally in tallies), errors)

    def to_json(self) -> JSONObject:
        """As it is kept."""
        return {"counts": dict(self.counts), "durations": self.durations.to_json(), "errors": dict(self.errors)}

    @classmethod
    def parse(cls, found: JSONObject) -> "Tally":
        """The inverse of `to_json`."""
        return cls(found["counts"], Sketch.parse(found["durations"]), found["errors"])


@dataclass(frozen=True, slots=True)
class Metrics:
    """The tally of the runs as a whole, and of each node in them."""

    runs: Tally = Tally()
    nodes: Mapping[str, Tally] = field(default_factory=dict)

    @classmethod
    def sum(cls, parts: Iterable["Metrics"]) -> "Metrics":
        """All of them together; nodes in the order in which they come."""
        runs: list[Tally] = []
        nodes: dict[str, list[Tally]] = {}
        for part in parts:
            runs.append(part.runs)
            for name, tally in part.nodes.items():
                nodes.setdefault(name, []).append(tally)
        return cls(Tally.sum(runs), {name: Tally.sum(tallies) for name, tallies in nodes.items()})

    def __add__(self, other: "Metrics") -> "Metrics":
        """Both together."""
        return Metrics.sum((self, other))

    def within(self) -> "Metrics":
        """The same with names within the limits; what there is no room for is counted as OTHER."""
        kept = _kept(self.nodes, MOST_NODES)
        nodes: dict[str, list[Tally]] = {}
        for name, tally in self.nodes.items():
            nodes.setdefault(kept[name], []).append(tally)
        return Metrics(_bounded(self.runs), {name: _bounded(Tally.sum(tallies)) for name, tallies in nodes.items()})

    def to_json(self) -> JSONObject:
        """As it is kept."""
        return {"runs": self.runs.to_json(), "nodes": {name: tally.to_json() for name, tally in self.nodes.items()}}

    @classmethod
    def parse(cls, found: JSONObject) -> "Metrics":
        """The inverse of `to_json`."""
        return cls(Tally.parse(found["runs"]), {name: Tally.parse(tally) for name, tally in found["nodes"].items()})


def _bounded(tally: Tally) -> Tally:
    kept = _kept(tally.errors, MOST_ERRORS)
    errors: Counter[str] = Counter()
    for name, count in tally.errors.items():
        errors[kept[name]] += count
    return Tally(tally.counts, tally.durations, errors)


def _kept(names: Iterable[str], most: int) -> Mapping[str, str]:
    """What each name is counted as: itself, cut to a bearable length, or OTHER when there are too many."""
    room: dict[str, None] = {}
    found = {}
    for name in names:
        short = name[:LONGEST_NAME]
        if len(room) < most:
            room[short] = None
        found[name] = short if short in room else OTHER
    return found
