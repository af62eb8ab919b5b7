"""healthcare.phi.detect"""

from collections import Counter
from typing import Any

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.phi.errors import NotExamined
from penstock_healthcare.phi.identifiers import Finding
from penstock_healthcare.phi.items import find_in_item
from penstock_healthcare.phi.treatment import Treatment

_MOST_FINDINGS = 500


class Parameters(NodeParameters):
    """What is searched, and what counts."""

    text: str | None = Field(
        default=None,
        max_length=6_000_000,
        description="Free text; the item's `raw` message, `resources` and `resource` when left out",
    )
    confidence: float = Field(default=0.5, ge=0, le=1, description="The least confidence of a finding that counts")


@node_type("healthcare.phi.detect", kind=Kind.COMPLIANCE, parameters=Parameters, outputs=("found", "clear"))
def detect_phi(call: Call[Parameters]) -> Outcome:
    """Find protected health information in HL7 v2 messages, FHIR resources and free text.

    Adds `phi` to the item: `counts` by class of identifier, and `findings`, each with `identifier`, `location`,
    `start`, `end`, `confidence` and `rule`; none holds the identifier itself. Items leave by `found` or `clear`. Fails
    on what cannot be examined: that nothing was found would say nothing.
    """
    ports: dict[str, Items] = {"found": [], "clear": []}
    for index, (item, parameters) in enumerate(call.each()):
        found = [each for each in _found(call, index, item, parameters) if each.confidence >= parameters.confidence]
        ports["found" if found else "clear"].append({**item, "phi": _told(found)})
    return Emit(ports)


def _found(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> list[Finding]:
    try:
        return find_in_item(item, parameters.text, Treatment(call.now.date()))
    except (NotExamined, NoMessage) as error:
        raise NodeFailure("NotExamined", f"item {index}: {error}", permanent=True) from error


def _told(found: list[Finding]) -> dict[str, Any]:
    counts = Counter(each.identifier.value for each in found)
    return {"counts": dict(sorted(counts.items())), "findings": [each.told() for each in found[:_MOST_FINDINGS]]}
