"""healthcare.eligibility.request"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.eligibility.fhir_question import request
from penstock_healthcare.eligibility.inquiry import Inquiry
from penstock_healthcare.eligibility.sources import NotAsked, part_of
from penstock_healthcare.eligibility.x12_question import question
from penstock_healthcare.nodes.payers import ControlNumber, Ends, Trace, marks
from penstock_healthcare.x12.errors import BadValue


class Parameters(NodeParameters):
    """Who is asked what, and which way."""

    inquiry: dict[str, Any] | None = Field(
        default=None,
        description="`payer` (name, id), `provider` (name, npi), `subscriber` (family, given, member_id, born, sex), "
        "`dependent`, `service_types`, `date`, `until`; the item's `inquiry` when left out",
    )
    route: Ends
    trace: Trace = ""
    control_number: ControlNumber = None


@node_type("healthcare.eligibility.request", kind=Kind.QUERY, parameters=Parameters)
def ask_about_coverage(call: Call[Parameters]) -> Outcome:
    """Make the question to a payer whether a patient is covered.

    Adds `x12`, the text of a 270 (005010X279A1), `resource`, the same as a FHIR CoverageEligibilityRequest, and
    `trace`, by which the answer is known. Sends nothing: core.http.request does. The same run makes the same question
    again. Fails when the inquiry lacks something, or holds what X12 cannot carry.
    """
    return Emit.main([_asked(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _asked(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    known = marks(call, index, parameters.trace, parameters.control_number)
    try:
        inquiry = part_of(Inquiry, "inquiry", item if parameters.inquiry is None else {"inquiry": parameters.inquiry})
        made = question(
            inquiry, parameters.route, trace=known.trace, control_number=known.control_number, time=call.now
        )
    except (NotAsked, BadValue) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from None
    resource = request(inquiry, id_=str(known.key), trace=known.trace, time=call.now)
    return {**item, "x12": str(made), "resource": resource, "trace": known.trace}
