"""healthcare.consent.check"""

from dataclasses import asdict
from datetime import date
from typing import Any

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.phi.consent import Request, decide

_MOST_CONSENTS = 100


class Parameters(NodeParameters):
    """What somebody wants to do with which data. What is left out counts as any of its kind."""

    consents: list[dict[str, Any]] | None = Field(
        default=None,
        max_length=_MOST_CONSENTS,
        description="The patient's FHIR Consent resources; the item's `consents` when left out",
    )
    purpose: str = Field(default="", max_length=200, description="Purpose of use: TREAT, HPAYMT, HRESCH …")
    actor: str = Field(default="", max_length=200, description="Who, as a reference: Practitioner/1, Organization/2")
    role: str = Field(default="", max_length=200, description="The actor's role: PRCP, IRCP, CST …")
    action: str = Field(default="", max_length=200, description="access, collect, use, disclose or correct")
    data_class: str = Field(
        default="", max_length=200, description="Class of the data: Observation, or a document's type"
    )
    code: str = Field(default="", max_length=200, description="Code of the data: 4548-4, or its system, | and it")
    security_label: str = Field(default="", max_length=200, description="Label of the data: R, PSY, HIV …")
    data_from: date | None = Field(default=None, description="The day that the data are of")


@node_type("healthcare.consent.check", kind=Kind.COMPLIANCE, parameters=Parameters, outputs=("permit", "deny"))
def check_consent(call: Call[Parameters]) -> Outcome:
    """Check whether a patient's FHIR Consents permit a use of their data.

    Items leave by `permit` or `deny` with `consent`: `is_permitted`, the `rule` that decided and its `location`.
    Without an active consent that speaks of the request the answer is to deny; what the request leaves open matches
    what is denied, never what is permitted. Of consents and provisions that disagree the one that denies counts.
    """
    ports: dict[str, Items] = {"permit": [], "deny": []}
    for index, (item, parameters) in enumerate(call.each()):
        decision = decide(_consents(index, item, parameters), _request(call, parameters))
        ports["permit" if decision.is_permitted else "deny"].append({**item, "consent": asdict(decision)})
    return Emit(ports)


def _consents(index: int, item: JSONObject, parameters: Parameters) -> list[JSONObject]:
    found = item.get("consents", []) if parameters.consents is None else parameters.consents
    if not isinstance(found, list) or len(found) > _MOST_CONSENTS or not all(isinstance(each, dict) for each in found):
        reason = f"item {index}: consents: must be a list of at most {_MOST_CONSENTS} resources"
        raise NodeFailure("NoConsents", reason, permanent=True)
    return [each for each in found if each.get("resourceType") == "Consent"]


def _request(call: Call[Parameters], parameters: Parameters) -> Request:
    return Request(call.now, **parameters.model_dump(exclude={"consents"}))
