"""healthcare.audit.record"""

from typing import Literal

from pydantic import Field

from penstock.clock import iso
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.nodes.resources import REFERENCE, commit, failing, kept_in, origin

_ACTIONS = {"create": "C", "read": "R", "update": "U", "delete": "D", "execute": "E"}
_OUTCOMES = {"success": "0", "minor_failure": "4", "serious_failure": "8", "major_failure": "12"}
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class Parameters(NodeParameters):
    """Who did what to whose data."""

    agent: str = Field(pattern=REFERENCE, description="Who, as a reference: Practitioner/1, Device/2")
    entity: str = Field(pattern=REFERENCE, description="Whose or which data, as a reference: Patient/1, Observation/2")
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
    key = commit(call, index)
    with failing(f"item {index}: audit"):
        saved = kept_in(call).save(call.tenant, _event(call, str(key), given), origin(call), key.hex)
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
