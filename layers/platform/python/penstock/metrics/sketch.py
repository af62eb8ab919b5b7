"""A sketch of durations: percentiles to within one percent, from counts alone, and two sketches add up to one.

This is DDSketch (Masson, Rim, Lee, VLDB 2019) with logarithmic buckets: bucket `i` counts what lies in (γ^(i-1), γ^i].
It needs no upper limit of buckets, because what it counts has limits: milliseconds, from one to a year.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, islice

from penstock.json import JSONObject

ACCURACY = 0.01
LARGEST = 366 * 24 * 3_600_000  # ms; what takes longer counts as this
_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
MOST_BUCKETS = math.ceil(math.log(LARGEST) / _LOG_GAMMA) + 1


@dataclass(frozen=True, slots=True)
class Sketch:
    """How many durations fell into each bucket; those below a millisecond are the `zeros`."""

    zeros: int = 0
    buckets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, durations: Iterable[float]) -> "Sketch":
        """A sketch of durations in milliseconds."""
        known = [min(duration, LARGEST) for duration in durations]
        counts = Counter(_bucket(duration) for duration in known if duration >= 1)
        return cls(len(known) - counts.total(), counts)

    @property
    def count(self) -> int:
        """How many durations it has seen."""
        return self.zeros + sum(self.buckets.values())

    @classmethod
    def sum(cls, sketches: Iterable["Sketch"]) -> "Sketch":
        """The sketch of what any of them has seen."""
        zeros, buckets = 0, Counter[int]()
        for sketch in sketches:
            zeros += sketch.zeros
            buckets.update(sketch.buckets)
        return cls(zeros, buckets)

    def __add__(self, other: "Sketch") -> "Sketch":
        """The sketch of what either has seen."""
        return Sketch.sum((self, other))

    def percentile(self, percent: float) -> float | None:
        """The milliseconds that stand at rank ⌊percent/100 · (count - 1)⌋ when sorted, from zero; None for none.

        Off by one percent at most.
        """
        if self.count == 0:
            return None
        rank = math.floor(percent / 100 * (self.count - 1))
        if self.zeros > rank:
            return 0.0
        at = sorted(self.buckets)
        seen = accumulate((self.buckets[bucket] for bucket in at), initial=self.zeros)
        return next(_middle(bucket) for bucket, upto in zip(at, islice(seen, 1, None), strict=True) if upto > rank)

    def to_json(self) -> JSONObject:
        """`steps` are the distances of one bucket to the next, which compress better than their numbers."""
        at = sorted(self.buckets)
        steps = [here - before for here, before in zip(at, [0, *at], strict=False)]
        return {"zeros": self.zeros, "steps": steps, "counts": [self.buckets[bucket] for bucket in at]}

    @classmethod
    def parse(cls, found: JSONObject) -> "Sketch":
        """The inverse of `to_json`."""
        at, buckets = 0, {}
        for step, count in zip(found["steps"], found["counts"], strict=True):
            at += step
            buckets[at] = count
        return cls(found["zeros"], buckets)


def _bucket(duration: float) -> int:
    return math.ceil(math.log(duration) / _LOG_GAMMA)


def _middle(bucket: int) -> float:
    """As far from the bucket's lower end as from its upper one, in proportion."""
    return float(2 * _GAMMA**bucket / (_GAMMA + 1))
