"""The read side of FHIR's RESTful API (R4, section 3.1.0): bundles, OperationOutcomes, and the CapabilityStatement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response

from penstock.api.application import Api
from penstock.events.views import Page
from penstock.json import JSONObject, loads
from penstock_healthcare.fhir.resources import Resource
from penstock_healthcare.fhir.text import read, write

MEDIA_TYPE = "application/fhir+json"
PATH = "/v1/healthcare/fhir"
_ISSUES: Mapping[int, str] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
}
_TYPES = (
    "AllergyIntolerance",
    "Condition",
    "DiagnosticReport",
    "Encounter",
    "Observation",
    "Patient",
    "ServiceRequest",
    "Specimen",
)


class FhirApi(Api):
    """An endpoint that answers in FHIR: errors are OperationOutcomes."""

    def base(self) -> str:
        """The absolute URL that resource URLs start with."""
        headers, path = self.headers(), self.current_event.request_context.path or PATH
        prefix = path.partition(PATH)[0] + PATH
        return f"{headers.get('x-forwarded-proto', 'https')}://{headers.get('host', 'localhost')}{prefix}"

    def _problem(self, error: Exception) -> Response[str]:
        response = super()._problem(error)
        problem = loads(response.body or "{}")
        issue = _ISSUES.get(response.status_code, "exception")
        text = problem.get("detail") or problem.get("title", "")
        found = problem.get("problems") or [{}]
        return Response(
            response.status_code,
            MEDIA_TYPE,
            write({"resourceType": "OperationOutcome", "issue": [_issue(issue, text, each) for each in found]}),
            headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
        )


def shown(resource: Resource) -> Response[str]:
    """One version of a resource."""
    headers = {"ETag": f'W/"{resource.version}"'}
    return Response(200, MEDIA_TYPE, resource.document, headers=headers)


def searchset(base: str, resource_type: str, query: Mapping[str, Any], found: Page) -> JSONObject:
    """What a search found, one page of it."""
    here = {name: value for name, value in query.items() if value is not None}
    links = [_link("self", base, resource_type, here)]
    if found.cursor:
        links.append(_link("next", base, resource_type, {**here, "cursor": found.cursor}))
    entries = [
        {
            "fullUrl": f"{base}/{resource_type}/{view.document['id']}",
            "resource": _listed(view.document),
            "search": _MATCH,
        }
        for view in found.items
    ]
    return _bundle("searchset", links, entries)


def history(base: str, versions: Sequence[Resource]) -> JSONObject:
    """Every version of a resource, newest first."""
    reference = versions[0].reference
    return _bundle(
        "history",
        [{"relation": "self", "url": f"{base}/{reference}/_history"}],
        [
            {
                "fullUrl": f"{base}/{reference}",
                "resource": read(version.document),
                "request": {"method": "PUT", "url": reference},
                "response": {
                    "status": "201" if version.version == 1 else "200",
                    "etag": f'W/"{version.version}"',
                    "lastModified": version.updated_at,
                },
            }
            for version in versions
        ],
        len(versions),
    )


def capabilities(stage: str) -> JSONObject:
    """What this endpoint can do."""
    interactions = [{"code": code} for code in ("read", "vread", "history-instance", "search-type")]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-24",
        "kind": "instance",
        "software": {"name": "Penstock"},
        "implementation": {"description": f"Penstock, stage {stage}"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": name,
                        "interaction": interactions,
                        "versioning": "versioned",
                        "searchParam": [{"name": "patient", "type": "reference"}],
                    }
                    for name in _TYPES
                ],
            }
        ],
    }


_MATCH = {"mode": "match"}


def _listed(document: JSONObject) -> JSONObject:
    found = read(document["text"])
    meta = {**found.get("meta", {}), "versionId": str(document["versionId"]), "lastUpdated": document["lastUpdated"]}
    return {"resourceType": found["resourceType"], "id": found["id"], **{**found, "meta": meta}}


def _bundle(kind: str, links: list[JSONObject], entries: Iterable[JSONObject], total: int | None = None) -> JSONObject:
    counted = {} if total is None else {"total": total}
    entry = list(entries)
    return {"resourceType": "Bundle", "type": kind, **counted, "link": links, **({"entry": entry} if entry else {})}


def _link(relation: str, base: str, resource_type: str, query: Mapping[str, Any]) -> JSONObject:
    asked = f"?{urlencode(query)}" if query else ""
    return {"relation": relation, "url": f"{base}/{resource_type}{asked}"}


def _issue(code: str, text: str, problem: Mapping[str, str]) -> JSONObject:
    issue = {"severity": "error", "code": code, "diagnostics": problem.get("message") or text}
    return {**issue, "expression": [problem["path"]]} if problem.get("path") else issue
