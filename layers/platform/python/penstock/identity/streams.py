"""What it takes to read the streams of a kind."""

from collections.abc import Mapping

from penstock.identity.model import Scope

SCOPES: Mapping[str, Scope] = {
    "key": Scope.ADMIN,
    "dead_letter": Scope.ADMIN,
    "subject": Scope.ADMIN,
    "retention": Scope.ADMIN,
    "webhook": Scope.ADMIN,
}
"""The kinds that need more than `read`."""


def reading(kind: str) -> Scope:
    """The scope that reading a kind of stream needs."""
    return SCOPES.get(kind, Scope.READ)
