"""What comes in: a body → a resource that is valid R4, or all that is wrong with it."""

from collections.abc import Sequence

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.errors import NotChangeable, Rejected, UnknownType
from penstock_healthcare.fhir.formats import json_text, read
from penstock_healthcare.fhir.formats.faults import Fault
from penstock_healthcare.fhir.validation import Finding, is_valid, operation_outcome, validate

LARGEST = 2_000_000
"""Bytes of a body."""
RECORDS = frozenset({"AuditEvent"})
"""Types of resources that are created and then stay as they are."""
_SERVERS = ("versionId", "lastUpdated")


def known(kind: str) -> str:
    """The type. Raises UnknownType."""
    if r4().resource(kind) is None:
        raise UnknownType(kind)
    return kind


def changeable(kind: str) -> str:
    """The type. Raises UnknownType, NotChangeable."""
    if kind in RECORDS:
        raise NotChangeable(kind)
    return known(kind)


def readable(content: bytes) -> JSONObject:
    """The resource in a body, JSON or XML, not validated. Raises Rejected when there is none, or not as FHIR has it."""
    found = read(content)
    if found.resource is None or found.faults:
        raise _unreadable(found.faults)
    return found.resource


def readable_list(content: bytes) -> Sequence[JSON]:
    """The JSON list in a body. Raises Rejected when there is none."""
    value, faults = json_text.parsed(content)
    if not isinstance(value, list) or faults:
        raise _unreadable(faults or (Fault("", "json", "The body must be a JSON list."),))
    return value


def checked(resource: JSONObject) -> JSONObject:
    """The resource. Raises Rejected with all that R4 finds wrong with it."""
    findings = validate(resource)
    if not is_valid(findings):
        raise Rejected(_issues(findings))
    return resource


def rejected(findings: Sequence[Finding], *, is_readable: bool = True) -> Rejected:
    """The error that a resource has these faults."""
    return Rejected(_issues(tuple(findings)), is_readable=is_readable)


def addressed(resource: JSONObject, kind: str, name: str | None) -> JSONObject:
    """The resource, if it is of the type, and has the id where one is asked for. Raises Rejected."""
    for element, wanted in (("resourceType", kind), ("id", name)):
        if wanted is not None and resource.get(element) != wanted:
            message = f"{element} must be {wanted}, as in the URL."
            finding = Finding("error", "invariant", "address", f"{kind}.{element}", message)
            raise Rejected(_issues((finding,)), is_readable=False)
    return resource


def stored(resource: JSONObject, name: str) -> str:
    """The text that is kept: under this id, without what of `meta` is the server's, numbers as they were written."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in _SERVERS}
    rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")}
    return json_text.write(
        {"resourceType": resource["resourceType"], "id": name, **({"meta": meta} if meta else {}), **rest}
    )


def _unreadable(faults: Sequence[Fault]) -> Rejected:
    findings = [Finding("error", "structure", each.rule, each.location, each.message) for each in faults]
    return rejected(findings, is_readable=False)


def _issues(findings: tuple[Finding, ...]) -> tuple[JSONObject, ...]:
    return tuple(operation_outcome(findings)["issue"])
