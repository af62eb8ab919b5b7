"""What a FHIR R4 Consent permits (Consent.provision: a tree of exceptions to exceptions).

The base policy (policyRule: OPTIN permits, OPTOUT denies) holds where no provision matches. A provision matches a
request when each of its criteria does; a criterion that it leaves out matches everything. What a request leaves open
matches what is denied, never what is permitted. The deepest provisions that match decide, and of several beside each
other the one that denies. Of several consents, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from penstock.json import JSONObject

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do: codes, references as `Practitioner/1`; `at` is when, `data_from` the data's day."""

    at: datetime
    purpose: str = ""
    actor: str = ""
    role: str = ""
    action: str = ""
    data_class: str = ""
    code: str = ""
    security_label: str = ""
    data_from: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`is_permitted`, and why: the rule's stable name and where it stands."""

    is_permitted: bool
    rule: str
    location: str = ""


def decide(consents: Sequence[JSONObject], request: Request) -> Decision:
    """What the consents say together. Without one that is active and speaks of the request nothing is permitted."""
    found = [decision for place, each in enumerate(consents) if (decision := _of_consent(each, place, request))]
    denied = next((each for each in found if not each.is_permitted), None)
    return denied or next(iter(found), Decision(False, "no-consent"))


def _of_consent(consent: JSONObject, place: int, request: Request) -> Decision | None:
    if consent.get("status") != "active":
        return None
    policy = next((_POLICIES[code] for code in _codes(consent.get("policyRule")) if code in _POLICIES), "")
    root = consent.get("provision")
    where = f"Consent[{place}]"
    found = _decision(root, f"{where}.provision", request, policy or "deny", 0) if isinstance(root, dict) else None
    return found or (Decision(policy == "permit", f"policy-{policy}", f"{where}.policyRule") if policy else None)


def _decision(provision: JSONObject, where: str, request: Request, standing: str, depth: int) -> Decision | None:
    """The deepest match's; None when this provision does not match."""
    kind = "permit" if (provision.get("type") or standing) == "permit" else "deny"
    if depth > _DEEPEST or not _matches(provision, request, is_open_matching=kind == "deny"):
        return None
    opposite = "permit" if kind == "deny" else "deny"
    inner = [
        found
        for number, each in enumerate(_dicts(provision.get("provision")))
        if (found := _decision(each, f"{where}.provision[{number}]", request, opposite, depth + 1))
    ]
    if inner:
        return next((each for each in inner if not each.is_permitted), inner[0])
    return Decision(kind == "permit", f"provision-{kind}", where)


def _matches(provision: JSONObject, request: Request, *, is_open_matching: bool) -> bool:
    return (
        _in_period(provision.get("period"), request.at)
        and _in_period(provision.get("dataPeriod"), _midnight(request.data_from))
        and _is_actor(provision.get("actor"), request, is_open_matching)
        and all(
            _has(list(_codes(provision.get(name))), getattr(request, asked), is_open_matching)
            for name, asked in _CODED.items()
        )
    )


_POLICIES: Mapping[str, str] = {"OPTIN": "permit", "OPTINR": "permit", "OPTOUT": "deny", "OPTOUTE": "deny"}
_CODED: Mapping[str, str] = {
    "purpose": "purpose",
    "action": "action",
    "class": "data_class",
    "code": "code",
    "securityLabel": "security_label",
}
"""Provision's criteria by code → the request's."""


def _has(codes: list[str], asked: str, is_open_matching: bool) -> bool:
    return not codes or (asked in codes if asked else is_open_matching)


def _codes(value: Any) -> Iterator[str]:
    """Codes of Codings and CodeableConcepts, bare and with their system: `TREAT`, `urn:x|TREAT`."""
    for each in _dicts(value):
        for coding in _dicts(each.get("coding")) if "coding" in each else [each]:
            yield str(coding.get("code", ""))
            yield f"{coding.get('system', '')}|{coding.get('code', '')}"


def _is_actor(actors: Any, request: Request, is_open_matching: bool) -> bool:
    found = _dicts(actors)
    return not found or any(_is(each, request, is_open_matching) for each in found)


def _is(actor: JSONObject, request: Request, is_open_matching: bool) -> bool:
    reference = actor.get("reference")
    named = str(reference.get("reference", "")) if isinstance(reference, dict) else ""
    roles = list(_codes([actor.get("role")])) if request.role else []
    return _has([named] if named else [], request.actor, is_open_matching) and _has(roles, request.role, False)


def _in_period(period: Any, at: datetime | None) -> bool:
    """Whether a time is in a Period; a request that names none is in each."""
    if not isinstance(period, dict) or at is None:
        return True
    start, end = (_time(period.get(name), is_end=name == "end") for name in ("start", "end"))
    return (start is None or start <= at) and (end is None or at <= end)


def _time(value: Any, *, is_end: bool) -> datetime | None:
    """A dateTime's first or last moment; one without an offset is UTC. A value that is none bounds nothing out."""
    if not isinstance(value, str) or not value:
        return None
    tail = "9999-12-31T23:59:59.999999" if is_end else "0001-01-01T00:00:00"
    try:
        found = datetime.fromisoformat(_completed(value, tail))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC) if is_end else datetime.max.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _completed(value: str, tail: str) -> str:
    if "T" in value:
        return value.replace("Z", "+00:00")
    if len(value) == 7 and tail.startswith("9999"):
        year, month = int(value[:4]), int(value[5:])
        last = (date(year + month // 12, month % 12 + 1, 1) - date.resolution).day
        return f"{value}-{last:02d}{tail[10:]}"
    return value + tail[len(value) :]


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _dicts(value: Any) -> list[JSONObject]:
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]
