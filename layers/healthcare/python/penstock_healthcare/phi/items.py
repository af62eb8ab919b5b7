"""Workflow items: what of them is examined, and the same without identifiers."""

import base64
from dataclasses import replace
from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.messages.sources import RAW, message_in
from penstock_healthcare.phi.documents import summed
from penstock_healthcare.phi.errors import NotExamined
from penstock_healthcare.phi.fhir_resources import deidentify_resource, find_in_resource
from penstock_healthcare.phi.hl7_messages import deidentify_message, find_in_message
from penstock_healthcare.phi.identifiers import Finding, Report
from penstock_healthcare.phi.text import find_in_text, redact_text
from penstock_healthcare.phi.treatment import Treatment

MOST_RESOURCES = 1_000
_TEXT = "text"


def find_in_item(item: JSONObject, text: str | None, treatment: Treatment) -> list[Finding]:
    """All identifiers of the text, else of the item's message and resources; locations begin with the item's field.

    Raises NotExamined, also where there is nothing to examine; NoMessage.
    """
    if text is not None:
        return find_in_text(text)
    found = [_at(RAW, each) for each in find_in_message(message_in(item), treatment)] if RAW in item else []
    for place, resource in enumerate(_resources(item)):
        found += [_at(f"resources[{place}]", each) for each in find_in_resource(resource, treatment)]
    return found


def deidentify_item(item: JSONObject, text: str | None, treatment: Treatment) -> tuple[JSONObject, Report]:
    """A new item that holds the examined fields alone, without identifiers. Raises as `find_in_item`."""
    if text is not None:
        made, counts = redact_text(text, treatment)
        return {_TEXT: made}, Report(counts)
    fields: JSONObject = {}
    reports: list[Report] = []
    if RAW in item:
        message, report = deidentify_message(message_in(item), treatment)
        fields[RAW] = base64.b64encode(bytes(message)).decode("ascii")
        reports.append(report)
    cleaned = [deidentify_resource(resource, treatment) for resource in _resources(item)]
    if cleaned:
        resources = [resource for resource, _ in cleaned]
        fields |= {"resources": resources} if "resources" in item else {"resource": resources[0]}
    return fields, summed([*reports, *(report for _, report in cleaned)])


def _resources(item: JSONObject) -> list[JSONObject]:
    """Those of `resources`, else the one of `resource`."""
    one = [item["resource"]] if "resource" in item else []
    found: Any = item.get("resources", one)
    if not isinstance(found, list) or len(found) > MOST_RESOURCES or not all(isinstance(each, dict) for each in found):
        raise NotExamined("resources", f"must be a list of at most {MOST_RESOURCES} resources")
    if not found and RAW not in item and "resources" not in item:
        raise NotExamined("the item", "has none of raw, resources and resource")
    return found


def _at(field: str, found: Finding) -> Finding:
    return replace(found, location=f"{field}:{found.location}")
