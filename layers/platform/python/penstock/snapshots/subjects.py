"""Data subjects who have been seen often."""

from penstock.events.snapshots import Snapshotted
from penstock.privacy.subject import AGGREGATE

SUBJECTS = Snapshotted(AGGREGATE.types.kind, lambda *_: AGGREGATE)
