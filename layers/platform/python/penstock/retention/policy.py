"""A tenant's rules and holds, folded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate, Every
from penstock.events.archive import stream_hash
from penstock.json import JSON
from penstock.retention.events import EVENTS, KEY, HoldLifted, HoldPlaced, RetentionCleared, RetentionSet
from penstock.retention.model import Hold, Rules


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules, and the holds in force by their ids."""

    id: StreamId
    rules: Rules = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)


def policy_stream(tenant: str) -> StreamId:
    """The stream of a tenant's policy."""
    return StreamId(tenant, EVENTS.kind, KEY)


def _evolve(policy: Policy, event: Any, stored: Event) -> Policy:
    match event:
        case RetentionSet(kind, days):
            return replace(policy, rules={**policy.rules, kind: days})
        case RetentionCleared(kind):
            return replace(policy, rules={each: days for each, days in policy.rules.items() if each != kind})
        case HoldPlaced():
            return replace(policy, holds={**policy.holds, event.hold: _hold(event, stored)})
        case HoldLifted(hold):
            return replace(policy, holds={each: held for each, held in policy.holds.items() if each != hold})
        case _:
            return policy


def _hold(event: HoldPlaced, stored: Event) -> Hold:
    stream = stream_hash(StreamId(stored.stream.tenant, event.kind, event.key)) if event.key else ""
    return Hold(event.hold, event.kind, event.key, stream, event.reason, stored.origin.actor, iso(stored.time))


def _dump(policy: Policy) -> JSON:
    holds = [asdict(hold) for hold in policy.holds.values()]
    return {"id": str(policy.id), "rules": dict(policy.rules), "holds": holds}


def _restore(state: JSON) -> Policy:
    holds = {each["id"]: Hold(**each) for each in state["holds"]}
    return Policy(StreamId.parse(state["id"]), state["rules"], holds)


POLICY = Aggregate(EVENTS, Policy, _evolve, dump=_dump, restore=_restore, snapshots=Every(100))
