"""A read as a FHIR R4 AuditEvent (section 6.4): who, what for, what was read, of which patients, and how it went.

It names people by reference and by account, quotes nothing of what was read and no value that was searched by.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from penstock.json import JSONObject
from penstock_healthcare.access.asking import PURPOSES, Asked, Use
from penstock_healthcare.access.showing import Shown

PRINCIPAL = "urn:penstock:principal"
STREAM = "urn:penstock:stream"
OWN = frozenset({"report", "send"})
"""What is done with outbound messages, whose content is in the answer."""
REFUSED, FAILED, DONE = "8", "4", "0"
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
_OWN = "urn:penstock:interaction"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITIES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_RESOURCES = "http://hl7.org/fhir/resource-types"
_PATIENT = {
    "type": {"system": _ENTITIES, "code": "1", "display": "Person"},
    "role": {"system": _ROLES, "code": "1", "display": "Patient"},
}
_QUERY = {
    "type": {"system": _ENTITIES, "code": "2", "display": "System Object"},
    "role": {"system": _ROLES, "code": "24", "display": "Query"},
}
_ACTIONS = {"search-type": "E", "operation": "E"}


@dataclass(frozen=True, slots=True)
class Result:
    """How a read went; `told` says why it failed, in words that quote nothing."""

    code: str = DONE
    told: str = ""


def audit_event(
    actor: str,
    roles: Iterable[str],
    asked: Asked,
    use: Use,
    shown: Sequence[Shown],
    result: Result,
    recorded: str,
    rule: str,
) -> JSONObject:
    """The AuditEvent without its id. `recorded` is RFC 3339, `rule` the one that admitted it."""
    return {
        "resourceType": "AuditEvent",
        "type": {"system": _TYPES, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": _OWN if asked.interaction in OWN else _INTERACTIONS, "code": asked.interaction}],
        "action": _ACTIONS.get(asked.interaction, "R"),
        "recorded": recorded,
        "outcome": result.code,
        **({"outcomeDesc": result.told} if result.told else {}),
        **({"purposeOfEvent": [_purpose(use.purpose)]} if use.purpose else {}),
        "agent": [_agent(actor, roles, rule)],
        "source": {"observer": {"display": "Penstock API"}},
        "entity": _entities(asked, shown),
    }


def _purpose(code: str) -> JSONObject:
    return {"coding": [{"system": _REASONS, "code": code, "display": PURPOSES[code]}]}


def _agent(actor: str, roles: Iterable[str], rule: str) -> JSONObject:
    played = [{"text": role} for role in sorted(roles)]
    return {
        **({"role": played} if played else {}),
        "who": {"identifier": {"system": PRINCIPAL, "value": actor}},
        "altId": actor,
        "requestor": True,
        **({"policy": [f"urn:penstock:access:{rule}"]} if rule else {}),
    }


def _entities(asked: Asked, shown: Sequence[Shown]) -> list[JSONObject]:
    """The query, then what was read, then each patient; what was asked for where nothing could be shown."""
    query = [_searched(asked.kind, asked.query)] if asked.query is not None else []
    read = list(dict.fromkeys((each.kind, each.name) for each in shown)) or [(asked.kind, asked.name)]
    patients = sorted(asked.patients.union(*(each.patients for each in shown)))
    named = [_thing(kind, name) for kind, name in read if name and f"{kind}/{name}" not in patients]
    return [*query, *named, *({"what": {"reference": each}, **_PATIENT} for each in patients)]


def _searched(kind: str, names: Sequence[str]) -> JSONObject:
    text = f"{kind}?{'&'.join(f'{name}=' for name in names)}"
    return {**_QUERY, "query": base64.b64encode(text.encode()).decode()}


def _thing(kind: str, name: str) -> JSONObject:
    if kind[0].isupper():
        return {"what": {"reference": f"{kind}/{name}"}, "type": {"system": _RESOURCES, "code": kind}}
    return {"what": {"identifier": {"system": f"{STREAM}:{kind}", "value": name}}}
