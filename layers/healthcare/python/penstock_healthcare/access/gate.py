"""What every read of protected health information passes: admitted, done, recorded, and only then answered."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from penstock_healthcare.access.consents import Consents
from penstock_healthcare.access.errors import AccessRefused
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
    consents: Callable[[], Consents]

    def read(
        self,
        asked: Asked,
        act: Callable[[], T],
        shows: Callable[[T], Iterable[Shown]],
        scope: Scope = Scope.READ,
        leave_out: Callable[[T, Callable[[Shown], bool]], T] | None = None,
    ) -> T:
        """What is read. The AuditEvent of it is kept before it is returned; of one that fails or is refused, too.

        What a patient's consent denies is left out by `leave_out`, and refused where there is none.
        Raises Forbidden, what the act raises, and what keeping the AuditEvent does: then nothing is answered.
        """
        admission, shown = Admission(""), tuple[Shown, ...]()
        try:
            admission = self.admit(asked, scope)
            found = act()
            shown = tuple(shows(found))
            self._judge(asked, shown)
            if not admission.is_broken and (denied := self._denied(shown)):
                if leave_out is None:
                    raise self._refusal(asked, denied)
                found = leave_out(found, lambda each: each in denied)
                shown = tuple(shows(found))
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
        self._each(asked, asked.beside)
        return admitted(self.who, self.use, asked)

    def _judge(self, asked: Asked, shown: Sequence[Shown]) -> None:
        """Each type that an answer holds beside the one that was asked for. Raises AccessRefused."""
        self._each(asked, {each.kind for each in shown} - {asked.kind})

    def _each(self, asked: Asked, kinds: Collection[str]) -> None:
        for kind in sorted(kinds):
            admitted(self.who, self.use, replace(asked, kind=kind))

    def _denied(self, shown: Sequence[Shown]) -> Mapping[Shown, str]:
        """What patients' consents deny, each with the rule that does."""
        consents = self.consents()
        return {each: rule for each in shown if (rule := consents.refusal(each))}

    def _refusal(self, asked: Asked, denied: Mapping[Shown, str]) -> AccessRefused:
        what, rule = f"{asked.interaction} of {asked.kind}", next(iter(denied.values()))
        why = f"the patient's consent does not permit it ({rule})"
        return AccessRefused(self.who.roles, what, self.use.purpose, "consent", why)

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
