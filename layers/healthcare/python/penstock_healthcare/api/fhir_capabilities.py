"""The CapabilityStatement, made of the tables that the endpoint works by."""

from functools import cache

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.patching import MEDIA_TYPE
from penstock_healthcare.fhir.search.parameters import parameters

INTERACTIONS = ("read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type")
"""What can be done with every type; each is a route."""
SYSTEM_INTERACTIONS = ("transaction", "batch")
OPERATIONS = {"Patient": (("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"),)}
EVERY_TYPES_OPERATIONS = (("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate"),)


def capabilities(stage: str, base: str) -> JSONObject:
    """What this endpoint can do."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-24",
        "kind": "instance",
        "software": {"name": "Penstock"},
        "implementation": {"description": f"Penstock, stage {stage}", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": [MEDIA_TYPE],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(kind) for kind in r4().resource_types()],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                "searchParam": [{"name": each.code, "type": each.type} for each in parameters("Resource").values()],
            }
        ],
    }


@cache
def _resource(kind: str) -> JSONObject:
    found = parameters(kind).values()
    references = [f"{kind}:{each.code}" for each in found if each.type == "reference"]
    operations = [
        {"name": name, "definition": url} for name, url in (*EVERY_TYPES_OPERATIONS, *OPERATIONS.get(kind, ()))
    ]
    return {
        "type": kind,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        **({"searchInclude": references} if references else {}),
        "searchParam": [{"name": each.code, "type": each.type} for each in found],
        "operation": operations,
    }
