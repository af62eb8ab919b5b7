"""Resources → a transaction Bundle: each reference resolved in it, and a Provenance that names the message.

What the message says is put at an id that follows from the sender's identifiers, so that the same message again changes
nothing, and its correction makes a new version. What it only mentions is created where no such identifier is known.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from penstock.json import JSON, JSONObject
from penstock_healthcare.mapping.engine import Outcome

Rename = Callable[[str], str]
_ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def told(outcome: Outcome) -> list[JSONObject]:
    """What the message says, without what it only mentions: references to that are by identifier and name."""
    found = [
        resource
        for reference, resource in outcome.resources.items()
        if reference not in outcome.mentioned and resource["resourceType"] != "Provenance"
    ]
    return [_rewritten(resource, lambda target: "" if target in outcome.mentioned else target) for resource in found]


def transaction(outcome: Outcome, timestamp: str | None) -> JSONObject:
    """The Bundle; `timestamp` is the message's own, an instant."""
    known = {reference: f"urn:uuid:{resource['id']}" for reference, resource in outcome.resources.items()}
    said = [
        {"reference": known[reference]}
        for reference, resource in outcome.resources.items()
        if reference not in outcome.mentioned and resource["resourceType"] != "Provenance"
    ]
    entries = []
    for reference, resource in outcome.resources.items():
        written = _provenance(resource, said) if resource["resourceType"] == "Provenance" else resource
        entries.append(_entry(reference, written, reference in outcome.mentioned, known))
    bundle: JSONObject = {"resourceType": "Bundle", "type": "transaction"}
    return {**bundle, **({"timestamp": timestamp} if timestamp else {}), "entry": entries}


def _provenance(resource: JSONObject, said: list[JSONObject]) -> JSONObject:
    found = {**resource, "target": said or [{"display": "nothing that the message says has a map"}]}
    if "recorded" not in found:
        found["_recorded"] = _ABSENT
    return found


def _entry(reference: str, resource: JSONObject, mentioned: bool, known: Mapping[str, str]) -> JSONObject:
    written = _rewritten(resource, lambda target: known.get(target, target))
    number = next((each for each in resource.get("identifier", ()) if "system" in each), None) if mentioned else None
    request = {"method": "PUT", "url": reference}
    if number:
        search = f"identifier={quote(number['system'], safe=':/')}|{quote(number['value'], safe='')}"
        request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": search}
    return {"fullUrl": known[reference], "resource": written, "request": request}


def _rewritten(value: JSON, rename: Rename) -> JSON:
    """The value with each reference renamed; one renamed to "" is left out."""
    if isinstance(value, list):
        return [_rewritten(part, rename) if isinstance(part, dict | list) else part for part in value]
    found = {}
    for name, part in value.items():
        if isinstance(part, dict | list):
            found[name] = _rewritten(part, rename)
        elif name != "reference":
            found[name] = part
        elif renamed := rename(part):
            found[name] = renamed
    return found
