"""What can go wrong with access; the tree is drawn in `penstock_healthcare.access`."""

from collections.abc import Iterable

from penstock.identity.model import Forbidden, Scope


class AccessRefused(Forbidden):
    """A rule refuses it; `rule` is its stable name."""

    def __init__(self, roles: Iterable[str], what: str, purpose: str, rule: str, why: str) -> None:
        super().__init__(Scope.READ)
        self.rule = rule
        told = ", ".join(sorted(roles)[:5]) or "none"
        self.args = (f"{what}: refused by the rule {rule}: {why} (role {told}, purpose {purpose or 'none'})",)
