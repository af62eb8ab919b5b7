"""healthcare.breach.assess"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.phi.breach import Assessment, Incident, assess

_People = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Parameters(NodeParameters):
    """The incident, as it is known."""

    discovered: date = Field(description="The first day on which the workforce knew of it, or should have")
    nature: Literal["limited", "demographic", "clinical", "sensitive"] = Field(description="What the information tells")
    recipient: Literal["covered", "known", "unknown"] = Field(description="Who used it, or to whom it went")
    acquired: Literal["no", "viewed", "acquired", "unknown"] = Field(
        default="unknown", description="Whether it was acquired or viewed"
    )
    mitigation: Literal["assured", "partial", "none"] = Field(
        default="none", description="How far the risk is mitigated"
    )
    exception: Literal["", "secured", "unintentional", "inadvertent", "not_retained", "deidentified"] = Field(
        default="", description="Why it is no breach at all, if so"
    )
    by_state: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], _People] = Field(
        max_length=60, description="How many people are affected, by the state that they live in"
    )
    without_address: _People = Field(default=0, description="How many of them cannot be written to")


@node_type("healthcare.breach.assess", kind=Kind.COMPLIANCE, parameters=Parameters, outputs=("breach", "no_breach"))
def assess_breach(call: Call[Parameters]) -> Outcome:
    """Assess an incident with protected health information by the four factors of 45 CFR 164.402.

    Items leave by `breach` or `no_breach` with `breach`: the `outcome` (`breach`, `low_probability` or `no_breach`),
    the `score` of 12, a reason for each factor, and `notices`: whom to tell (`individuals`, `media:<state>`,
    `secretary`), until when, how many `days_left` and by which paragraph. The weights are this platform's; a person
    decides.
    """
    ports: dict[str, list[JSONObject]] = {"breach": [], "no_breach": []}
    for item, parameters in call.each():
        found = assess(_incident(parameters))
        port = "breach" if found.outcome == "breach" else "no_breach"
        ports[port].append({**item, "breach": _told(found, call.now.date())})
    return Emit(ports)


def _incident(given: Parameters) -> Incident:
    return Incident(
        given.discovered,
        {
            "nature": given.nature,
            "recipient": given.recipient,
            "acquired": given.acquired,
            "mitigation": given.mitigation,
        },
        given.by_state,
        given.exception,
        given.without_address,
    )


def _told(found: Assessment, today: date) -> JSONObject:
    return {
        "outcome": found.outcome,
        "score": found.score,
        "reasons": list(found.reasons),
        "notices": [
            {
                "to": each.to,
                "due": each.due.isoformat(),
                "days_left": (each.due - today).days,
                "reason": each.reason,
            }
            for each in found.notices
        ],
    }
