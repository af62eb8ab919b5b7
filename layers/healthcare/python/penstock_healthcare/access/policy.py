"""Which role may do what, with which types, for which purposes: `roles.json`. Minimum necessary, 45 CFR 164.502(b).

A principal without roles is not narrowed. Of several roles one that permits is enough. Breaking the glass opens what is
read, never what is written, to a role that may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from penstock.identity.model import Principal
from penstock.json import loads
from penstock_healthcare.access.asking import GLASS, Asked, Use
from penstock_healthcare.access.errors import AccessRefused

READS = frozenset({"read", "vread", "history-instance", "search-type", "operation"})
UNRESTRICTED = "no-roles"


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is `<role>.<rule>`; `may` is of `read` and `write`."""

    name: str
    may: frozenset[str]
    types: frozenset[str]
    purposes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Role:
    """What a role may."""

    breaks_glass: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """Why it is permitted. `is_broken`: the glass was broken, which also opens what consent denies."""

    rule: str
    is_broken: bool = False


@cache
def roles() -> Mapping[str, Role]:
    """The table, by role."""
    table = loads(files("penstock_healthcare.access").joinpath("roles.json").read_bytes())
    return {
        name: Role(
            role["breaks_glass"],
            tuple(
                Rule(
                    f"{name}.{rule}",
                    frozenset(row["may"]),
                    _members(table["types"], row["types"]),
                    _members(table["purposes"], row["for"]),
                )
                for rule, row in role["rules"].items()
            ),
        )
        for name, role in table["roles"].items()
    }


def admitted(who: Principal, use: Use, asked: Asked) -> Admission:
    """Why the principal may do it. Raises AccessRefused, which says by which rule not."""
    known = [roles()[role] for role in sorted(who.roles) if role in roles()]
    can_break = not who.roles or any(role.breaks_glass for role in known)
    is_read = asked.interaction in READS
    is_broken = bool(use.reason) and use.purpose in GLASS and can_break and is_read
    if not who.roles:
        return Admission("break-glass" if is_broken else UNRESTRICTED, is_broken)
    rules = [rule for role in known for rule in role.rules]
    found = next((rule for rule in rules if _permits(rule, use.purpose, asked, is_read)), None)
    if found or is_broken:
        return Admission(found.name if found else "break-glass", is_broken)
    refused, why = _refusal(rules, use, asked, is_read)
    raise AccessRefused(who.roles, f"{asked.interaction} of {asked.kind}", use.purpose, refused, why)


def _permits(rule: Rule, purpose: str, asked: Asked, is_read: bool) -> bool:
    may = "read" if is_read else "write"
    return may in rule.may and asked.kind in rule.types and purpose in rule.purposes


def _refusal(rules: list[Rule], use: Use, asked: Asked, is_read: bool) -> tuple[str, str]:
    """The first of the conditions that no rule meets, by name and in words."""
    may = "read" if is_read else "write"
    conditions = (
        (bool(rules), "unknown-role", "no such role is in the table"),
        (bool(use.purpose), "purpose-required", "say what for in X-Purpose-Of-Use"),
        (not use.reason, "break-glass", "the role may not break the glass for this"),
        (any(use.purpose in each.purposes for each in rules), "purpose", "the role has nothing to do for this purpose"),
        (any(asked.kind in each.types for each in rules), "minimum-necessary", "the role does not need this type"),
        (any(may in each.may for each in rules if asked.kind in each.types), "interaction", f"the role may not {may}"),
    )
    broken = ((name, why) for holds, name, why in conditions if not holds)
    return next(broken, ("minimum-necessary", "the role does not need this type for this purpose"))


def _members(groups: Mapping[str, list[str]], names: Iterable[str]) -> frozenset[str]:
    """The members of groups; what names no group is a member itself."""
    return frozenset(member for name in names for member in groups.get(name, [name]))
