"""Principals and what they may do; the error tree is drawn in `penstock.identity`."""

from dataclasses import dataclass, field
from enum import StrEnum


class IdentityError(Exception):
    """Root of the tree."""


class Unauthenticated(IdentityError):
    """The credentials are missing or do not hold. The reason never tells which of several checks failed."""


class Forbidden(IdentityError):
    """The principal lacks a scope."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope}")
        self.scope = scope


class BoundByRoles(Forbidden):
    """The principal has roles, and the endpoint judges by none."""

    def __init__(self) -> None:
        super().__init__("none that roles bind")
        self.args = ("whoever acts in roles reaches only the endpoints that judge by them",)


class UnknownKey(IdentityError):
    """No such API key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no API key {key}")
        self.key = key


class Scope(StrEnum):
    """What a principal may do. `admin` includes all of it."""

    READ = "read"
    WRITE = "write"
    RUN = "run"
    INGEST = "ingest"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or something, that acts for a tenant. Roles narrow what the scopes give; none narrows nothing."""

    tenant: str
    actor: str
    scopes: frozenset[Scope]
    roles: frozenset[str] = field(default_factory=frozenset)

    def may(self, scope: Scope) -> bool:
        """Whether the principal has the scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises Forbidden when the principal lacks the scope."""
        if not self.may(scope):
            raise Forbidden(scope)
