"""A finding, and OperationOutcome."""

from collections.abc import Iterable
from dataclasses import dataclass

from penstock.json import JSONObject

ERROR, WARNING, INFORMATION = "error", "warning", "information"
_RULES = "urn:penstock:fhir:rule"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is of FHIR's issue types; `rule` says which rule, an invariant by its key; `location` is a FHIRPath."""

    severity: str
    code: str
    rule: str
    location: str
    message: str


def issue(finding: Finding) -> JSONObject:
    """A finding as an OperationOutcome has it."""
    told: JSONObject = {
        "severity": finding.severity,
        "code": finding.code,
        "details": {"coding": [{"system": _RULES, "code": finding.rule}], "text": finding.message},
    }
    return {**told, "expression": [finding.location]} if finding.location else told


def operation_outcome(findings: Iterable[Finding]) -> JSONObject:
    """The findings as one resource; one issue says so when there are none."""
    issues = [issue(each) for each in findings]
    fine = {"severity": INFORMATION, "code": "informational", "details": {"text": "Nothing to find: it is valid."}}
    return {"resourceType": "OperationOutcome", "issue": issues or [fine]}
