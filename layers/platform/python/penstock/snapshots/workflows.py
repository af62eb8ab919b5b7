"""Workflows that were changed often."""

from penstock.events.snapshots import Snapshotted
from penstock.workflows.lifecycle import AGGREGATE, EVENTS

WORKFLOWS = Snapshotted(EVENTS.kind, lambda *_: AGGREGATE)
