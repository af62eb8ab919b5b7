"""healthcare.authorization.request"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.authorization.application import Application
from penstock_healthcare.authorization.x12_request import application_request
from penstock_healthcare.eligibility.sources import NotAsked, part_of
from penstock_healthcare.nodes.payers import ControlNumber, Ends, Trace, marks
from penstock_healthcare.x12.errors import BadValue


class Parameters(NodeParameters):
    """What is to be authorised, and which way it is asked."""

    application: dict[str, Any] | None = Field(
        default=None,
        description="`payer`, `provider`, `subscriber`, `dependent`, `diagnoses`, `treatments` (code, quantity), "
        "`date`, `until`, `category`, `kind`, `urgency`, `service_type`, `place`; the item's `application` when left "
        "out",
    )
    route: Ends
    trace: Trace = ""
    control_number: ControlNumber = None


@node_type("healthcare.authorization.request", kind=Kind.QUERY, parameters=Parameters)
def ask_for_authorization(call: Call[Parameters]) -> Outcome:
    """Make the request to a payer to authorise a treatment.

    Adds `x12`, the text of a 278 (005010X217), and `trace`, by which the answer is known. Sends nothing:
    core.http.request does. The same run makes the same request again. Fails when the application lacks something, or
    holds what X12 cannot carry.
    """
    return Emit.main([_asked(call, index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _asked(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    known = marks(call, index, parameters.trace, parameters.control_number)
    given = item if parameters.application is None else {"application": parameters.application}
    try:
        application = part_of(Application, "application", given)
        made = application_request(
            application, parameters.route, trace=known.trace, control_number=known.control_number, time=call.now
        )
    except (NotAsked, BadValue) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from None
    return {**item, "x12": str(made), "trace": known.trace}
