"""healthcare.disclosure.record"""

import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from penstock.events import Conflict
from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.compliance.fields import LONGEST_TEXT, printable_text
from penstock_healthcare.disclosures.errors import TooMany
from penstock_healthcare.disclosures.purposes import BASES, Purpose
from penstock_healthcare.disclosures.record import Disclosure
from penstock_healthcare.disclosures.service import Disclosures
from penstock_healthcare.nodes.resources import PatientReference, commit, origin

_Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), AfterValidator(printable_text)
]
_Given = Annotated[_Text, Field(min_length=1)]


class Parameters(NodeParameters):
    """What was disclosed about whom, to whom, and what for."""

    patient: PatientReference = Field(description="Whom the information is about: Patient/1")
    date: datetime.date = Field(description="The day on which it was disclosed")
    recipient: _Given = Field(description="Who received it: a person or an organization, by name")
    address: _Text = Field(default="", description="The recipient's address, where it is known")
    information: _Given = Field(description="What was disclosed, in a few words")
    purpose: Purpose = Field(description="What for; the kinds that need no accounting are recorded as exempt")
    statement: _Text = Field(
        default="",
        description="What for in a sentence, or which written request asked for it; the purpose's own words "
        "when left out",
    )


@node_type("healthcare.disclosure.record", kind=Kind.COMPLIANCE, parameters=Parameters)
def record_disclosure(call: Call[Parameters]) -> Outcome:
    """Record that health information went to somebody, for the accounting that a patient may ask for (164.528).

    It is kept once however often the node runs, sealed under the transaction's keys. Adds `disclosure` to the item: its
    `id`, whether it `is_exempt` from accounting, and the `paragraph` of 45 CFR that says so, or that permits it.
    """
    return Emit.main([_recorded(call, index, item, given) for index, (item, given) in enumerate(call.each())])


def _recorded(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    if given.date > call.now.date() + datetime.timedelta(days=1):  # where the day has begun before it has here
        raise NodeFailure("InvalidDisclosure", f"item {index}: date: lies in the future", permanent=True)
    made = Disclosure(
        commit(call, index).hex,
        given.date.isoformat(),
        given.purpose,
        given.recipient,
        given.information,
        given.statement,
        given.address,
    )
    _keep(call, index, given.patient.partition("/")[2], made)
    basis = BASES[given.purpose]
    return {**item, "disclosure": {"id": made.id, "is_exempt": basis.is_exempt, "paragraph": basis.paragraph}}


def _keep(call: Call[Parameters], index: int, patient: str, made: Disclosure) -> None:
    kept = Disclosures(call.services.store, lambda: call.now)
    try:
        kept.record(call.tenant, patient, made, origin(call))
    except TooMany as error:
        raise NodeFailure("TooMany", f"item {index}: patient: {error}", permanent=True) from None
    except Conflict:
        raise NodeFailure("Conflict", f"item {index}: others wrote to it at the same time") from None
