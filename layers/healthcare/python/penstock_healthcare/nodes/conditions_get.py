"""healthcare.conditions.get"""

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.patient_records import Asking, Record, found
from penstock_healthcare.nodes.resources import each

_RECORDS = (Record("Condition", "onset-date", "clinical-status"),)


@node_type("healthcare.conditions.get", kind=Kind.QUERY, parameters=Asking)
def get_conditions(call: Call[Asking]) -> Outcome:
    """Get a patient's conditions: problems and diagnoses.

    Adds to the item `conditions`, FHIR Conditions, the newest onset first, and `is_complete`: whether there are no more
    than these. Statuses are clinical ones: active, recurrence, relapse, inactive, remission, resolved.
    """
    return each(call, _with_conditions)


def _with_conditions(call: Call[Asking], index: int, item: JSONObject, parameters: Asking) -> JSONObject:
    conditions, is_complete = found(call, index, _RECORDS, parameters)
    return {**item, "conditions": conditions, "is_complete": is_complete}
