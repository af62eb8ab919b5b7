"""What the nodes that book, move and cancel appointments have in common."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, model_validator

from penstock.clock import iso
from penstock.fields import FieldPath
from penstock.json import JSONObject
from penstock.workflows.node import Call, NodeParameters
from penstock_healthcare.fhir.bookings import LONGEST, Bookings
from penstock_healthcare.fhir.errors import WrongStatus
from penstock_healthcare.nodes.resources import Writing, commit, origin

AppointmentReference = Annotated[str, Field(pattern=r"^Appointment/[A-Za-z0-9.-]{1,64}$")]
BOOKED, TAKEN = "booked", "taken"
PORTS = (BOOKED, TAKEN)
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "reschedule": ("proposed", "pending", "booked", "waitlist"),
    "cancel": ("proposed", "pending", "booked", "arrived", "checked-in", "waitlist"),
}
"""From which of R4's states (AppointmentStatus) what can be done."""


class Times(NodeParameters):
    """When an appointment is."""

    start: AwareDatetime = Field(description="Its beginning, with its offset: 2026-11-24T09:30:00+01:00")
    end: AwareDatetime = Field(description="Its end, at most a day later")

    @model_validator(mode="after")
    def _is_span(self) -> "Times":
        if not self.start < self.end <= self.start + LONGEST:
            raise ValueError("end must be after start, by at most a day")
        return self

    @property
    def members(self) -> JSONObject:
        """As an Appointment has them."""
        minutes = int((self.end - self.start).total_seconds()) // 60
        times = {"start": iso(self.start), "end": iso(self.end)}
        return {**times, "minutesDuration": minutes} if minutes else times


class Appointing(Writing):
    """Where the result goes."""

    into: FieldPath = Field(
        default="appointment",
        description="The field of the item that gets `reference`, `id`, `version`, `created` and `changed`",
    )


def bookings(call: Call[Any], index: int) -> Bookings:
    """The tenant's, for one item of a run."""
    services, now = call.services, call.now
    return Bookings(services.store, services.views, lambda: now, call.tenant, origin(call), commit(call, index).hex)


def check(appointment: JSONObject, action: str) -> None:
    """Raises WrongStatus where R4 has no way from the appointment's status."""
    status = str(appointment.get("status", ""))
    if status not in ALLOWED[action]:
        raise WrongStatus(status, ALLOWED[action])
