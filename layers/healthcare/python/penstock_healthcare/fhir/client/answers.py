"""A reply as a resource, or as the error that it is. Nothing that a server wrote goes into an error's text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir.client.errors import (
    Busy,
    ChangedMeanwhile,
    ClientError,
    Issue,
    NotAuthorized,
    NotThere,
    Refused,
    ServerFailed,
    UnreadableAnswer,
)
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.text import QUANTITIES

if TYPE_CHECKING:
    from penstock.http.exchange import Reply

MOST_ISSUES = 5
_MOST_PLACES = 5
_SEVERITIES = frozenset({"fatal", "error", "warning", "information"})
_ISSUE_TYPES = (
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
)
"""R4's value set issue-type."""
_PLACE = re.compile(r"[A-Z][A-Za-z]{0,63}(\.[a-z][A-Za-z]{0,63}(\[\d{1,4}\])?){0,12}")
_ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9.\-]{1,64})"')
_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.\-]{1,256})(?:/_history/([A-Za-z0-9.\-]{1,64}))?/?$")
_ERRORS: Mapping[int, type[NotAuthorized | NotThere | ChangedMeanwhile]] = {
    HTTPStatus.UNAUTHORIZED: NotAuthorized,
    HTTPStatus.FORBIDDEN: NotAuthorized,
    HTTPStatus.NOT_FOUND: NotThere,
    HTTPStatus.GONE: NotThere,
    HTTPStatus.CONFLICT: ChangedMeanwhile,
    HTTPStatus.PRECONDITION_FAILED: ChangedMeanwhile,
}
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write. `version` is "" where the server does not say it."""

    reference: str
    version: str
    is_created: bool
    resource: JSONObject | None = None


def check(what: str, reply: "Reply", retry_after: float | None = None) -> None:
    """Raises the ClientError that a reply is, if it is one."""
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _error(what, reply, retry_after)


def _error(what: str, reply: "Reply", retry_after: float | None) -> ClientError:
    issues = _issues(reply)
    if reply.status in BUSY:
        return Busy(what, reply.status, issues, retry_after)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed(what, reply.status, issues)
    return _ERRORS.get(reply.status, Refused)(what, reply.status, issues)


def resource_of(what: str, reply: "Reply", wanted: str | None = None) -> JSONObject:
    """The reply's resource, decimals as items hold them. Raises UnreadableAnswer."""
    found = _read(reply.body)
    if found is None or not isinstance(found.get("resourceType"), str):
        raise UnreadableAnswer(what, "the answer is not a FHIR resource as JSON")
    if wanted and found["resourceType"] != wanted:
        raise UnreadableAnswer(what, f"the answer is not a {wanted}")
    return found


def written(what: str, reply: "Reply", resource_type: str, known_id: str = "") -> Written:
    """What a write that is done came to, whatever the body. Raises UnreadableAnswer where no id is told."""
    body = _read(reply.body)
    kept = body if body and body.get("resourceType") == resource_type else None
    located = _LOCATION.search(reply.headers.get("location", "") or reply.headers.get("content-location", ""))
    named = located if located and located[1] == resource_type else None
    key = (named[2] if named else "") or str((kept or {}).get("id", "")) or known_id
    if not key:
        raise UnreadableAnswer(what, "neither Location nor the answer says under which id the resource is kept")
    version = (named[3] if named else "") or version_of(reply, kept)
    return Written(f"{resource_type}/{key}", version, reply.status == HTTPStatus.CREATED, kept)


def version_of(reply: "Reply", resource: JSONObject | None) -> str:
    """The version that ETag names, or the resource itself; "" where neither does."""
    tag = _ETAG.fullmatch(reply.headers.get("etag", "").strip())
    return tag[1] if tag else own_version(resource)


def own_version(resource: JSONObject | None) -> str:
    """`meta.versionId`; "" where there is none."""
    meta = (resource or {}).get("meta")
    found = meta.get("versionId") if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def _issues(reply: "Reply") -> tuple[Issue, ...]:
    found = _read(reply.body) or {}
    listed = found.get("issue") if found.get("resourceType") == "OperationOutcome" else None
    given = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return tuple(_issue(each) for each in given[:MOST_ISSUES])


def _issue(given: JSONObject) -> Issue:
    severity, code = given.get("severity"), given.get("code")
    listed = given.get("expression") or given.get("location")
    places = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return Issue(
        severity if severity in _SEVERITIES else "error",
        code if isinstance(code, str) and code in _ISSUE_TYPES else "unknown",
        tuple(each for each in places if _PLACE.fullmatch(each))[:_MOST_PLACES],
    )


def _read(body: bytes) -> JSONObject | None:
    """The JSON object in a body; None when it is none."""
    found = json_text.read(body)
    try:
        return _as_items_hold(found.resource, "") if found.resource is not None and not found.faults else None
    except RecursionError:
        return None


def _as_items_hold(value: JSON, around: str) -> JSON:
    """Decimals of quantities as text, with the sender's digits; all others, which FHIR has few of, as numbers."""
    if isinstance(value, dict):
        return {key: _member(part, around, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_items_hold(part, around) for part in value]
    return _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal) -> float | str:
    """What is out of a double's reach stays text."""
    near = float(value)
    return near if isfinite(near) else str(value)


def _member(part: JSON, around: str, key: str) -> JSON:
    if isinstance(part, Decimal) and key == "value" and around in QUANTITIES:
        return format(part, "f")
    return _as_items_hold(part, key)
