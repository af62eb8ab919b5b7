"""The rules and holds of tenants whose archive has been cleared of much."""

from penstock.events.snapshots import Snapshotted
from penstock.retention.policy import POLICY

RETENTION = Snapshotted(POLICY.types.kind, lambda *_: POLICY)
