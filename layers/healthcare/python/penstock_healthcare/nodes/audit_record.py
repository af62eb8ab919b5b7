"""healthcare.audit.record"""

from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field

from penstock.clock import iso
from penstock.events import Origin
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.resources import Resources

_ACTIONS = {"create": "C", "read": "R", "update": "U", "delete": "D", "execute": "E"}
_OUTCOMES = {"success": "0", "minor_failure": "4", "serious_failure": "8", "major_failure": "12"}
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_Reference = r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}$"


class Parameters(NodeParameters):
    """Who did what to whose data."""

    agent: str = Field(pattern=_Reference, description="Who, as a reference: Practitioner/1, Device/2")
    entity: str = Field(pattern=_Reference, description="Whose or which data, as a reference: Patient/1, Observation/2")
    action: Literal["create", "read", "update", "delete", "execute"] = Field(
        default="read", description="What was done"
    )
    purpose: str = Field(
        default="TREAT", pattern=r"^[A-Z]{2,20}$", description="Purpose of use: TREAT, HPAYMT, HOPERAT, HRESCH, BTG …"
    )
    outcome: Literal["success", "minor_failure", "serious_failure", "major_failure"] = Field(
        default="success", description="How it went"
    )


@node_type("healthcare.audit.record", kind=Kind.COMPLIANCE, parameters=Parameters)
def record_audit(call: Call[Parameters]) -> Outcome:
    """Record that somebody used protected health information, as a FHIR AuditEvent.

    It is kept as a resource of its own, once however often the node runs, and can be read at the FHIR endpoint. Adds
    `audit` to the item: its `reference`. It names people by reference only.
    """
    return Emit.main([_recorded(call, index, item, given) for index, (item, given) in enumerate(call.each())])


def _recorded(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    key = uuid5(NAMESPACE_URL, f"{call.tenant}/{call.key}/{index}")
    origin = Origin(f"workflow:{call.workflow}", call.execution)
    try:
        saved = Resources(call.services.store, lambda: call.now).save(
            call.tenant, _event(call, str(key), given), origin, key.hex
        )
    except InvalidResource as error:
        raise NodeFailure("InvalidResource", f"item {index}: {error}", permanent=True) from error
    return {**item, "audit": {"reference": saved.reference}}


def _event(call: Call[Parameters], key: str, given: Parameters) -> JSONObject:
    return {
        "resourceType": "AuditEvent",
        "id": key,
        "type": {"system": _TYPES, "code": "rest", "display": "RESTful Operation"},
        "action": _ACTIONS[given.action],
        "recorded": iso(call.now),
        "outcome": _OUTCOMES[given.outcome],
        "purposeOfEvent": [{"coding": [{"system": _PURPOSES, "code": given.purpose}]}],
        "agent": [{"who": {"reference": given.agent}, "requestor": True}],
        "source": {"observer": {"display": f"Penstock workflow {call.workflow}"}},
        "entity": [{"what": {"reference": given.entity}}],
    }
