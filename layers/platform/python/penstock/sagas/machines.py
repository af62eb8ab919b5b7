"""The state machines that sagas are deployed as: which one is whose, what it is called, and what is done with it."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from penstock.json import JSONObject, canonical

LONGEST_NAME = 80
"""Characters of a state machine's name, by Step Functions."""

_DIGEST = 20


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of a built-in saga, or, with a `version`, of a published version of the tenant's own."""

    tenant: str
    saga: str
    version: int | None = None

    def name(self, prefix: str) -> str:
        """The name of an own machine: readable, unique by its digest, and no longer than a name may be."""
        digest = hashlib.sha256(canonical([self.tenant, self.saga, self.version])).hexdigest()[:_DIGEST]
        return f"{prefix}{self.saga}-v{self.version}"[: LONGEST_NAME - _DIGEST - 1] + f"-{digest}"


class Machines(Protocol):
    """The state machines. Those of built-in sagas stand; the others are made, and made again, when they are needed."""

    def start(self, machine: Machine, name: str, order: JSONObject) -> None:
        """Start an execution; one that was started under this name is left alone.

        Raises MachineMissing for an own one that is not there, StoreUnavailable.
        """
        ...

    def deploy(self, machine: Machine, definition: JSONObject) -> None:
        """Make an own machine be what its definition compiles to, whether it is there or not.

        Raises MachineMissing when that has to be tried again later, and EventStoreError when it was refused.
        """
        ...

    def retire(self, machine: Machine) -> bool:
        """Take an own machine away, unless one of its executions is under way; whether it is gone.

        Raises StoreUnavailable.
        """
        ...
