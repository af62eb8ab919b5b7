"""healthcare.phi.deidentify"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.phi.errors import NotExamined
from penstock_healthcare.phi.items import deidentify_item
from penstock_healthcare.phi.treatment import Treatment


class Parameters(NodeParameters):
    """What is de-identified, and what goes along."""

    text: str | None = Field(
        default=None,
        max_length=6_000_000,
        description="Free text; the item's `raw` message, `resources` and `resource` when left out",
    )
    keep: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Other fields of the item that go along as they are; nothing examines them",
    )


@node_type("healthcare.phi.deidentify", kind=Kind.COMPLIANCE, parameters=Parameters)
def deidentify_phi(call: Call[Parameters]) -> Outcome:
    """Take identifiers out of HL7 v2 messages, FHIR resources and free text by Safe Harbor (45 CFR 164.514(b)(2)).

    Emits a new item with `raw`, `resources`, `resource` or `text`, and `deidentification`: what was `changed` by class
    and count, and whether it is `safe_harbor`. All other fields are left behind unless they are in `keep`. Dates become
    years, ZIP codes three digits, numbers and ids codes that say nothing. Fails on what cannot be examined.
    """
    return Emit.main([_made(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _made(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    try:
        made, report = deidentify_item(item, parameters.text, Treatment(call.now.date()))
    except (NotExamined, NoMessage) as error:
        raise NodeFailure("NotExamined", f"item {index}: {error}", permanent=True) from error
    kept = {name: item[name] for name in parameters.keep if name in item}
    return {**kept, **made, "deidentification": report.told()}
