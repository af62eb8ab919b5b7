"""FHIR's RESTful API (R4, section 3.1.0) as HTTP: what a request says, what an answer says, OperationOutcomes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import Response

from penstock.api.application import Api
from penstock.api.problems import ErrorShape, InvalidRequest, TooLarge
from penstock.json import JSONObject, loads
from penstock_healthcare.fhir import accepting, patching
from penstock_healthcare.fhir.errors import (
    DeletedResource,
    FhirError,
    InvalidBundle,
    InvalidPatch,
    InvalidSearch,
    NotChangeable,
    Rejected,
    SearchTooCostly,
    SeveralFound,
    UnknownResource,
    UnknownType,
    VersionConflict,
)
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.interactions import Written
from penstock_healthcare.fhir.resources import Resource
from penstock_healthcare.fhir.validation import operation_outcome

MEDIA_TYPE = "application/fhir+json"
PATH = "/v1/healthcare/fhir"
MINIMAL = "minimal"
_BODIES = ("application/json", MEDIA_TYPE)
_ISSUES: Mapping[int, str] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
}
_ERRORS: Mapping[type[FhirError], tuple[int, str]] = {
    UnknownResource: (404, "not-found"),
    UnknownType: (404, "not-supported"),
    DeletedResource: (410, "deleted"),
    NotChangeable: (405, "not-supported"),
    VersionConflict: (412, "conflict"),
    SeveralFound: (412, "multiple-matches"),
    InvalidSearch: (400, "invalid"),
    SearchTooCostly: (400, "too-costly"),
    InvalidBundle: (400, "invalid"),
    InvalidPatch: (422, "processing"),
    Rejected: (422, "invalid"),
}
"""HTTP status and issue type by error, as R4 has them."""


OUTCOME = ErrorShape(
    "OperationOutcome",
    MEDIA_TYPE,
    "What is wrong, as FHIR says it",
    {
        "type": "object",
        "description": "What is wrong (FHIR R4, section 2.36)",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["severity", "code"],
                    "properties": {
                        **{name: {"type": "string"} for name in ("severity", "code", "diagnostics")},
                        "details": {"type": "object", "properties": {"text": {"type": "string"}}},
                        "expression": {"type": "array", "description": "FHIRPaths", "items": {"type": "string"}},
                    },
                },
            },
        },
    },
)
_OPERATION = {
    "type": "object",
    "required": ["op", "path"],
    "properties": {
        "op": {"type": "string", "enum": list(patching.NAMES)},
        "path": {"type": "string", "minLength": 1, "description": "A JSON Pointer: /name/0/family"},
        "from": {"type": "string", "description": "A JSON Pointer, for move and copy"},
        "value": {"description": "For add, replace and test"},
    },
}
_OPERATIONS = {"type": "array", "items": _OPERATION, "minItems": 1, "maxItems": patching.MOST_OPERATIONS}
_PATCH = {"requestBody": {"required": True, "content": {patching.MEDIA_TYPE: {"schema": _OPERATIONS}}}}
_BODY = {"requestBody": {"required": True, "content": {each: {"schema": {"type": "object"}} for each in _BODIES}}}


class FhirApi(Api):
    """An endpoint that answers in FHIR: errors are OperationOutcomes."""

    error_shape = OUTCOME

    def described_body(self, path: str, method: str) -> JSONObject:
        """A resource, but where a form or a patch is sent."""
        if method == "patch":
            return _PATCH
        return _BODY if method in ("post", "put") and not path.endswith("/_search") else {}

    def base(self) -> str:
        """The absolute URL that resource URLs start with."""
        headers, path = self.headers(), self.current_event.request_context.path or PATH
        prefix = path.partition(PATH)[0] + PATH
        return f"{headers.get('x-forwarded-proto', 'https')}://{headers.get('host', 'localhost')}{prefix}"

    def resource(self) -> JSONObject:
        """The resource in the body. Raises Rejected, TooLarge."""
        content = (self.current_event.decoded_body or "").encode()
        if len(content) > accepting.LARGEST:
            raise TooLarge(accepting.LARGEST)
        return accepting.readable(content)

    def operations(self) -> Sequence[patching.Operation]:
        """The patch in the body. Raises InvalidRequest, InvalidPatch, Rejected, TooLarge."""
        if self.headers().get("content-type", "").partition(";")[0].strip() != patching.MEDIA_TYPE:
            raise InvalidRequest("Content-Type", f"must be {patching.MEDIA_TYPE}")
        content = (self.current_event.decoded_body or "").encode()
        if len(content) > accepting.LARGEST:
            raise TooLarge(accepting.LARGEST)
        return patching.operations(accepting.readable_list(content))

    def pairs(self) -> list[tuple[str, str]]:
        """The query's names and values."""
        event = self.current_event
        found: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
        return [(name, value) for name, values in found.items() for value in values]

    def condition(self) -> str:
        """The query as it stands in a URL, for a write on a condition."""
        return urlencode(self.pairs())

    def form(self) -> list[tuple[str, str]]:
        """The names and values in the body, as a form has them. Raises InvalidSearch."""
        try:
            return parse_qsl(self.current_event.decoded_body or "", keep_blank_values=True, max_num_fields=100)
        except ValueError as error:
            raise InvalidSearch("body", "has more than 100 fields") from error

    def preference(self, name: str) -> str:
        """What `Prefer` says of something: `return=minimal`, `handling=strict`; empty when it says nothing."""
        asked = (each.strip().partition("=") for each in self.headers().get("prefer", "").replace(";", ",").split(","))
        return next((value.strip('" ') for key, _, value in asked if key.strip() == name), "")

    def written(self, done: Written) -> Response[str]:
        """The answer to a create or an update."""
        resource, base = done.resource, self.base()
        headers = {
            "ETag": etag(resource.version),
            "Last-Modified": http_date(resource.updated_at),
            "Location": f"{base}/{resource.reference}/_history/{resource.version}",
        }
        body = _PREFERRED.get(self.preference("return"), _whole)(resource)
        return Response(201 if done.is_created else 200, MEDIA_TYPE, body, headers=headers)

    def shown(self, resource: Resource) -> Response[str]:
        """One version of a resource; 304 without it where the request knows it by `If-None-Match` or by its time."""
        found = shown(resource)
        if self._is_known(resource):
            return Response(304, MEDIA_TYPE, "", headers=found.headers)
        return found

    def _is_known(self, resource: Resource) -> bool:
        """By the tags alone where there are any (RFC 9110, section 13.1.3)."""
        headers = self.headers()
        if tags := headers.get("if-none-match"):
            given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return bool(given & {"*", f'"{resource.version}"'})
        since = _time(headers.get("if-modified-since", ""))
        changed = datetime.fromisoformat(resource.updated_at.replace("Z", "+00:00"))
        return since is not None and changed.replace(microsecond=0) <= since

    def refused(self, error: Exception) -> Response[str]:
        """The answer to an error, as it is for a request of its own."""
        return self._problem(error)

    def _problem(self, error: Exception) -> Response[str]:
        if isinstance(error, FhirError) and type(error) in _ERRORS:
            return _refused(error)
        response = super()._problem(error)
        problem = loads(response.body or "{}")
        issue = _ISSUES.get(response.status_code, "exception")
        text = problem.get("detail") or problem.get("title", "")
        found = problem.get("problems") or [{}]
        headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
        return _outcome(response.status_code, [_issue(issue, text, each) for each in found], headers)


def outcome(error: Exception) -> tuple[int, JSONObject]:
    """The HTTP status and the OperationOutcome of an error of this wing. Raises it when it has none."""
    known = _ERRORS.get(type(error))  # type: ignore[arg-type]
    if known is None:
        raise error
    status, code = known
    if isinstance(error, Rejected):
        return (422 if error.is_readable else 400), _resource(list(error.issues))
    place = getattr(error, "path", None)
    return status, _resource([_issue(code, str(error), {"path": place} if place else {})])


def _time(text: str) -> datetime | None:
    """A time as HTTP has it; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _whole(resource: Resource) -> str:
    return resource.document


def _nothing(_: Resource) -> str:
    return ""


def _told(_: Resource) -> str:
    return json_text.write(operation_outcome(()))


_PREFERRED: Mapping[str, Callable[[Resource], str]] = {MINIMAL: _nothing, "OperationOutcome": _told}
"""The body of a write's answer by `Prefer: return=`; the resource for all else."""


def etag(version: int) -> str:
    """A version as an entity tag."""
    return f'W/"{version}"'


def http_date(iso: str) -> str:
    """RFC 3339 as HTTP has it: `Tue, 24 Nov 2026 08:00:00 GMT`."""
    return format_datetime(datetime.fromisoformat(iso.replace("Z", "+00:00")), usegmt=True)


def answer(resource: JSONObject, status: int = 200) -> Response[str]:
    """A resource that is not kept, as a bundle."""
    return Response(status, MEDIA_TYPE, json_text.write(resource))


def shown(resource: Resource) -> Response[str]:
    """One version of a resource."""
    headers = {"ETag": etag(resource.version), "Last-Modified": http_date(resource.updated_at)}
    return Response(200, MEDIA_TYPE, resource.document, headers=headers)


def _refused(error: FhirError) -> Response[str]:
    status, resource = outcome(error)
    headers = {"ETag": etag(error.version)} if isinstance(error, DeletedResource) else {}
    headers |= {"Allow": "GET, POST"} if isinstance(error, NotChangeable) else {}
    return _outcome(status, resource["issue"], headers)


def _outcome(status: int, issues: list[JSONObject], headers: Mapping[str, Any]) -> Response[str]:
    return Response(status, MEDIA_TYPE, json_text.write(_resource(issues)), headers=dict(headers))


def _resource(issues: list[JSONObject]) -> JSONObject:
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(code: str, text: str, problem: Mapping[str, str]) -> JSONObject:
    issue = {"severity": "error", "code": code, "diagnostics": problem.get("message") or text}
    return {**issue, "expression": [problem["path"]]} if problem.get("path") else issue
