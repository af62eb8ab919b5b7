"""healthcare.order.create"""

from typing import Literal

from pydantic import AwareDatetime, Field

from penstock.clock import iso
from penstock.fields import FieldPath
from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.clinical import About, Coded, about, created, present, reference
from penstock_healthcare.nodes.resources import Reference, each


class Parameters(About):
    """What is ordered for whom."""

    into: FieldPath = Field(
        default="order",
        description="The field of the item that gets `reference`, `id`, `version`, `created` and `changed`",
    )
    code: Coded = Field(description="What is ordered: a test, an examination, a consultation")
    category: str = Field(default="", max_length=100, description="In words: Laboratory, Imaging, Referral")
    requester: Reference | None = Field(default=None, description="Who orders it: Practitioner/3")
    performer: Reference | None = Field(default=None, description="Who is to do it: Organization/4")
    priority: Literal["routine", "urgent", "asap", "stat"] = Field(default="routine", description="How urgent it is")
    status: Literal["draft", "active", "on-hold"] = Field(default="active", description="Whether it stands already")
    due: AwareDatetime | None = Field(default=None, description="When it is to be done")
    reason: str = Field(default="", max_length=500, description="Why, in words")
    note: str = Field(default="", max_length=4_000, description="What the performer should know")


@node_type("healthcare.order.create", kind=Kind.ACTION, parameters=Parameters)
def create_order(call: Call[Parameters]) -> Outcome:
    """Order something for a patient, as a FHIR ServiceRequest.

    Adds `order` to the item: its `reference`, `id` and `version`. An order is made once, however often the node runs.
    """
    return each(call, _ordered)


def _ordered(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    return created(call, index, item, given.into, _order(call, given))


def _order(call: Call[Parameters], given: Parameters) -> JSONObject:
    return {
        "resourceType": "ServiceRequest",
        "status": given.status,
        "intent": "order",
        **present(category=[{"text": given.category}] if given.category else None),
        "priority": given.priority,
        "code": given.code.concept,
        **about(given),
        **present(occurrenceDateTime=iso(given.due) if given.due else None),
        "authoredOn": iso(call.now),
        **present(
            requester=reference(given.requester) if given.requester else None,
            performer=[reference(given.performer)] if given.performer else None,
            reasonCode=[{"text": given.reason}] if given.reason else None,
            note=[{"text": given.note}] if given.note else None,
        ),
    }
