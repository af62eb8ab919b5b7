"""Metrics, as a read model that is listed and rebuilt with the others."""

from penstock.metrics.buckets import REVISION, consumer
from penstock.rebuilds.followed import Followed

METRICS = Followed("metrics", consumer(), lambda: REVISION)
