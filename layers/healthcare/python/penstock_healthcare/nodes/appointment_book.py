"""healthcare.appointment.book"""

from typing import Literal

from pydantic import Field, field_validator

from penstock.clock import iso
from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.fhir.errors import TimeTaken
from penstock_healthcare.nodes.appointments import BOOKED, PORTS, TAKEN, Appointing, Times, bookings
from penstock_healthcare.nodes.resources import Reference, accepted, each_by_port, failing, interactions, with_told

MOST_PARTICIPANTS = 20


class Parameters(Appointing, Times):
    """Who meets when."""

    participants: tuple[Reference, ...] = Field(
        min_length=1,
        max_length=MOST_PARTICIPANTS,
        description="Who and what is needed: Patient/12, Practitioner/3, Location/4",
    )
    status: Literal["proposed", "pending", "booked"] = Field(
        default="booked", description="booked: all agreed; pending: some have not yet; proposed: takes nobody's time"
    )
    service: str = Field(default="", max_length=200, description="What is done: Follow-up, Cardiology consultation")
    description: str = Field(default="", max_length=1_000, description="What stands in the list of appointments")
    based_on: Reference | None = Field(default=None, description="The order that asked for it: ServiceRequest/5")

    @field_validator("participants")
    @classmethod
    def _are_different(cls, references: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(references)) < len(references):
            raise ValueError("names somebody twice")
        return references


@node_type("healthcare.appointment.book", kind=Kind.ACTION, parameters=Parameters, outputs=PORTS)
def book_appointment(call: Call[Parameters]) -> Outcome:
    """Book an appointment for all participants, unless one of them is in another one then.

    Items leave by `booked`, with `appointment`: the new FHIR Appointment's `reference`, `id` and `version`; or by
    `taken` with `taken`, the first participant whose time is taken. Of two bookings at once one gets the time. What
    takes time are appointments that are pending, booked, arrived, checked in or fulfilled, wherever they came from.
    """
    return each_by_port(call, PORTS, _booked)


def _booked(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> tuple[str, JSONObject]:
    where, doing = f"item {index}: appointment", interactions(call, index)
    appointment = accepted(_appointment(call, parameters), where)
    try:
        with failing(where):
            bookings(call, index).take(doing.name(appointment), appointment)
            written = doing.create(appointment)
    except TimeTaken as error:
        return TAKEN, {**item, "taken": error.participant}
    return BOOKED, with_told(item, parameters.into, doing, written)


def _appointment(call: Call[Parameters], parameters: Parameters) -> JSONObject:
    agreed = "accepted" if parameters.status == "booked" else "needs-action"
    made = {
        "resourceType": "Appointment",
        "status": parameters.status,
        **({"serviceType": [{"text": parameters.service}]} if parameters.service else {}),
        **({"description": parameters.description} if parameters.description else {}),
        **parameters.members,
        "created": iso(call.now),
        **({"basedOn": [{"reference": parameters.based_on}]} if parameters.based_on else {}),
    }
    participants = [{"actor": {"reference": each}, "status": agreed} for each in parameters.participants]
    return {**made, "participant": participants}
