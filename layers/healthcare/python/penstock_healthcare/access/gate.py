"""What every read of protected health information passes: admitted, done, recorded, and only then answered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from penstock.events import Origin
from penstock.identity.model import Forbidden, Principal, Scope
from penstock_healthcare.access.asking import Asked, Use
from penstock_healthcare.access.audit_events import FAILED, REFUSED, Result, audit_event
from penstock_healthcare.access.showing import Shown
from penstock_healthcare.access.trail import Trail

T = TypeVar("T")


@dataclass(frozen=True)
class Gate:
    """One request's."""

    who: Principal
    use: Use
    trail: Trail
    origin: Origin

    def read(
        self, asked: Asked, act: Callable[[], T], shows: Callable[[T], Iterable[Shown]], scope: Scope = Scope.READ
    ) -> T:
        """What is read. The AuditEvent of it is kept before it is returned; of one that fails or is refused, too.

        Raises Forbidden, what the act raises, and what keeping the AuditEvent does: then nothing is answered.
        """
        shown: Sequence[Shown] = ()
        try:
            self.admit(asked, scope)
            found = act()
            shown = tuple(shows(found))
        except Exception as error:
            self._keep(asked, (), _failed(error))
            raise
        self._keep(asked, shown, Result())
        return found

    def require(self, asked: Asked, scope: Scope) -> None:
        """For what is not recorded when it is done, as writes, which are events. A refusal is. Raises Forbidden."""
        try:
            self.admit(asked, scope)
        except Forbidden as error:
            self._keep(asked, (), _failed(error))
            raise

    def admit(self, asked: Asked, scope: Scope) -> None:  # noqa: ARG002 - rules come to it
        """Raises Forbidden."""
        self.who.require(scope)

    def _keep(self, asked: Asked, shown: Sequence[Shown], result: Result) -> None:
        found = audit_event(self.who.actor, (), asked, self.use, shown, result, self.trail.now())
        self.trail.keep(self.who.tenant, found, self.origin, self.use.reason)


def _failed(error: Exception) -> Result:
    if isinstance(error, Forbidden):
        return Result(REFUSED, str(error))
    return Result(FAILED, type(error).__name__)
