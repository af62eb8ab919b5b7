"""$validate (FHIR R4, operation Resource-validate): what is wrong with a resource, and nothing is kept."""

from collections.abc import Sequence

from penstock.json import JSONObject
from penstock_healthcare.fhir.accepting import addressed, rejected
from penstock_healthcare.fhir.validation import Finding, operation_outcome, validate

MOST_PROFILES = 20


def validated(sent: JSONObject, kind: str) -> JSONObject:
    """The OperationOutcome. Raises Rejected for what is no resource of the type, or asks for what is not served."""
    if sent.get("resourceType") != "Parameters" or kind == "Parameters":
        return operation_outcome(validate(addressed(sent, kind, None)))
    parameters = [each for each in sent.get("parameter", ()) if isinstance(each, dict)]
    resources = [each["resource"] for each in parameters if each.get("name") == "resource" and "resource" in each]
    if len(resources) != 1 or not isinstance(resources[0], dict):
        raise _refused("required", "there must be one parameter resource")
    if any(each.get("name") == "mode" and each.get("valueCode") == "delete" for each in parameters):
        raise _refused("not-supported", "the mode delete is not served")
    return operation_outcome(validate(addressed(resources[0], kind, None), _profiles(parameters)))


def _profiles(parameters: Sequence[JSONObject]) -> tuple[str, ...]:
    values = (each.get("valueUri", each.get("valueCanonical")) for each in parameters if each.get("name") == "profile")
    found = tuple(str(value) for value in values if value)
    if len(found) > MOST_PROFILES:
        raise _refused("too-long", f"there may be {MOST_PROFILES} profiles")
    return found


def _refused(code: str, message: str) -> Exception:
    finding = Finding("error", code, "validate", "Parameters.parameter", f"{message}.")
    return rejected((finding,), is_readable=False)
