"""healthcare.observations.get"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.patient_records import Asking, Record, found
from penstock_healthcare.nodes.resources import each

_RECORDS = (Record("Observation", "date", "status"),)


class Parameters(Asking):
    """Whose observations, and which of them."""

    category: str = Field(
        default="", max_length=100, pattern=r"^[\w-]*$", description="laboratory, vital-signs, imaging … any when empty"
    )


@node_type("healthcare.observations.get", kind=Kind.QUERY, parameters=Parameters)
def get_observations(call: Call[Parameters]) -> Outcome:
    """Get a patient's observations: laboratory results, vital signs and others.

    Adds to the item `observations`, FHIR Observations, the newest first, and `is_complete`: whether there are no more
    than these. Dates are those on which something was observed.
    """
    return each(call, _with_observations)


def _with_observations(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    more = [("category", parameters.category)] if parameters.category else []
    observations, is_complete = found(call, index, _RECORDS, parameters, more)
    return {**item, "observations": observations, "is_complete": is_complete}
