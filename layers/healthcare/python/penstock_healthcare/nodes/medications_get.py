"""healthcare.medications.get"""

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.patient_records import Asking, Record, found
from penstock_healthcare.nodes.resources import each

_RECORDS = (
    Record("MedicationRequest", "authoredon", "status"),
    Record("MedicationStatement", "effective", "status"),
)


@node_type("healthcare.medications.get", kind=Kind.QUERY, parameters=Asking)
def get_medications(call: Call[Asking]) -> Outcome:
    """Get a patient's medications: what was prescribed, and what is known to be taken.

    Adds to the item `medications`, FHIR MedicationRequests and then MedicationStatements, each the newest first, and
    `is_complete`: whether there are no more than these. Dates are those of the prescription, and of when it is taken.
    """
    return each(call, _with_medications)


def _with_medications(call: Call[Asking], index: int, item: JSONObject, parameters: Asking) -> JSONObject:
    medications, is_complete = found(call, index, _RECORDS, parameters)
    return {**item, "medications": medications, "is_complete": is_complete}
