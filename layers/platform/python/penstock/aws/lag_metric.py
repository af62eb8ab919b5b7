"""The lag of projections and consumers as a CloudWatch metric, in the embedded format: a line of the log, no call.

Its dimensions are the stage and the projection; tenants and streams are too many for one, and nobody's business.
"""

import os
from collections import defaultdict

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from penstock.clock import Clock, to_millis, utc_now
from penstock.events.watched import LAG_METRIC, Applied

NAMESPACE = "Penstock"


class LagMetric:
    """What the messages of one batch applied, gathered, and published together."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lags: dict[str, list[int]] = defaultdict(list)

    def note(self, applied: Applied) -> None:
        """Those events have just been applied: milliseconds from each to now."""
        now = to_millis(self._clock())
        for name, newest in applied.items():
            self._lags[name].append(max(now - to_millis(newest), 0))

    def publish(self) -> None:
        """A line for each projection; none when nothing was applied."""
        for name, lags in self._lags.items():
            line = EphemeralMetrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE))
            line.service = ""  # the function is no dimension of it
            line.add_dimension("stage", os.environ.get("PENSTOCK_STAGE", "none"))
            line.add_dimension("projection", name)
            for lag in lags:
                line.add_metric(LAG_METRIC, MetricUnit.Milliseconds, lag)
            line.flush_metrics()
        self._lags.clear()
