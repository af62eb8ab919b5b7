"""The retention keeper: what it is told, done in steps, each of which tells it of the rest.

Its messages are nudges of a tenant's policy, with what makes them more than that:

    {"stream": "acme#retention#policy", "commit": 3}                       the policy changed: bring locks in line
    {"stream": …, "commit": 3, "after": "tenant=acme/…"}                   … and go on from there
    {"stream": …, "expire": true, "after": ""}                             delete what is over
    {"expire": true}                                                       tell yourself so for every tenant
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from penstock.aws.queues import Queues
from penstock.clock import Clock, utc_now
from penstock.events import Origin, StreamId
from penstock.events.archive import CopyableStore
from penstock.events.checkpoints import CheckpointStore
from penstock.json import JSONObject
from penstock.retention.expiry import expire
from penstock.retention.keeping import Rest, keep_locks
from penstock.retention.policy import policy_stream
from penstock.retention.ports import Vault
from penstock.retention.service import Retention

LOG = Logger()


@dataclass(frozen=True)
class Keeper:
    """Does one message's step. `queue` is the URL of its own queue."""

    retention: Retention
    vault: Vault
    live: CopyableStore
    checkpoints: CheckpointStore
    queues: Queues
    queue: str
    clock: Clock = utc_now

    def take(self, body: Mapping[str, Any]) -> None:
        """Do what the message says. Raises what the stores raise, Conflict when the policy changed meanwhile."""
        if "stream" not in body:
            self._expire_all()
        elif body.get("expire"):
            self._expire(StreamId.parse(body["stream"]), str(body.get("after", "")))
        else:
            self._keep(StreamId.parse(body["stream"]), int(body.get("commit", 0)), str(body.get("after", "")))

    def _keep(self, stream: StreamId, commit: int, after: str) -> None:
        rest = keep_locks(self.retention, self.vault, self.checkpoints, stream, Rest(commit, after) if after else None)
        if rest:
            self._tell(stream, {"commit": rest.commit, "after": rest.after})

    def _expire(self, stream: StreamId, after: str) -> None:
        origin = Origin("retention", f"expiry {self.clock().date().isoformat()}")
        step = expire(self.retention, self.vault, self.live, stream.tenant, origin, after)
        if step.deleted or step.damaged:
            LOG.info("archive expired", tenant=stream.tenant, deleted=step.deleted, damaged=step.damaged)
        if step.after is not None:
            self._tell(stream, {"expire": True, "after": step.after})

    def _expire_all(self) -> None:
        for tenant in self.vault.tenants():
            self._tell(policy_stream(tenant), {"expire": True})

    def _tell(self, stream: StreamId, more: JSONObject) -> None:
        self.queues.send(self.queue, {"stream": str(stream), **more})
