"""What every read of protected health information passes: admitted, done, recorded, and only then answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from penstock.clock import new_id, utc_now
from penstock.events import Draft, Origin, StreamId
from penstock.events.store import START, EventStore
from penstock.identity.model import Forbidden, Principal, Scope
from penstock.json import JSONObject
from penstock.nodes.emit_event import EVENT_KIND
from penstock_healthcare.access.asking import Asked, Use
from penstock_healthcare.access.audit_events import FAILED, REFUSED, Result, audit_event
from penstock_healthcare.access.policy import Admission, admitted
from penstock_healthcare.access.showing import Shown
from penstock_healthcare.access.trail import Trail

T = TypeVar("T")
GLASS_BROKEN = "healthcare.glass.broken"
"""The type of the event that a read through broken glass leaves, for workflows and webhooks to react to."""


@dataclass(frozen=True)
class Gate:
    """One request's."""

    who: Principal
    use: Use
    store: EventStore
    trail: Trail
    origin: Origin

    def read(
        self, asked: Asked, act: Callable[[], T], shows: Callable[[T], Iterable[Shown]], scope: Scope = Scope.READ
    ) -> T:
        """What is read. The AuditEvent of it is kept before it is returned; of one that fails or is refused, too.

        Raises Forbidden, what the act raises, and what keeping the AuditEvent does: then nothing is answered.
        """
        admission, shown = Admission(""), tuple[Shown, ...]()
        try:
            admission = self.admit(asked, scope)
            found = act()
            shown = tuple(shows(found))
            self._judge(asked, shown)
        except Exception as error:
            self._keep(asked, (), _failed(error), admission)
            raise
        self._keep(asked, shown, Result(), admission)
        return found

    def require(self, asked: Asked, scope: Scope) -> None:
        """For what is not recorded when it is done, as writes, which are events. A refusal is. Raises Forbidden."""
        try:
            self.admit(asked, scope)
        except Forbidden as error:
            self._keep(asked, (), _failed(error), Admission(""))
            raise

    def admit(self, asked: Asked, scope: Scope) -> Admission:
        """Why it may be done. Raises Forbidden, AccessRefused."""
        self.who.require(scope)
        return admitted(self.who, self.use, asked)

    def _judge(self, asked: Asked, shown: Sequence[Shown]) -> None:
        """Each type that an answer holds beside the one that was asked for. Raises AccessRefused."""
        for kind in sorted({each.kind for each in shown} - {asked.kind}):
            admitted(self.who, self.use, replace(asked, kind=kind))

    def _keep(self, asked: Asked, shown: Sequence[Shown], result: Result, admission: Admission) -> None:
        roles, rule = self.who.roles, admission.rule
        found = audit_event(self.who.actor, roles, asked, self.use, shown, result, self.trail.now(), rule)
        reference = self.trail.keep(self.who.tenant, found, self.origin, self.use.reason)
        if admission.is_broken:
            self._alarm(asked, reference)

    def _alarm(self, asked: Asked, reference: str) -> None:
        """An event for all to hear: it names nobody but who did it; the AuditEvent knows whose data it was."""
        data: JSONObject = {
            "actor": self.who.actor,
            "roles": sorted(self.who.roles),
            "purpose": self.use.purpose,
            "interaction": asked.interaction,
            "resourceType": asked.kind,
            "audit": reference,
        }
        stream, draft = StreamId(self.who.tenant, EVENT_KIND, new_id()), Draft(GLASS_BROKEN, data, utc_now())
        self.store.append(stream, [draft], expected=START, commit_id=new_id(), origin=self.origin)


def _failed(error: Exception) -> Result:
    if isinstance(error, Forbidden):
        return Result(REFUSED, str(error))
    return Result(FAILED, type(error).__name__)
