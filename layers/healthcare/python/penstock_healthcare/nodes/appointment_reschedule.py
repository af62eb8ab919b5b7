"""healthcare.appointment.reschedule"""

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.fhir.errors import TimeTaken
from penstock_healthcare.nodes.appointments import (
    BOOKED,
    PORTS,
    TAKEN,
    Appointing,
    AppointmentReference,
    Times,
    bookings,
    check,
)
from penstock_healthcare.nodes.resources import each_by_port, failing, interactions, with_told


class Parameters(Appointing, Times):
    """Which appointment, and its new time."""

    reference: AppointmentReference = Field(description="The appointment: Appointment/7")


@node_type("healthcare.appointment.reschedule", kind=Kind.ACTION, parameters=Parameters, outputs=PORTS)
def reschedule_appointment(call: Call[Parameters]) -> Outcome:
    """Move an appointment to another time, unless one of its participants is in another one then.

    Items leave by `booked`, with `appointment`: its `reference`, `id` and `version`; or by `taken` with `taken`, the
    first participant whose time is taken; the appointment stays as it was then. One that is cancelled, fulfilled or
    under way cannot be moved (`WrongStatus`).
    """
    return each_by_port(call, PORTS, _moved)


def _moved(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> tuple[str, JSONObject]:
    where, doing = f"item {index}: reference", interactions(call, index)
    kind, _, name = parameters.reference.partition("/")

    def change(appointment: JSONObject) -> JSONObject:
        check(appointment, "reschedule")
        kept = {key: value for key, value in appointment.items() if key != "minutesDuration"}
        moved = {**kept, **parameters.members}
        bookings(call, index).take(name, moved)
        return moved

    try:
        with failing(where):
            written = doing.change(kind, name, change)
    except TimeTaken as error:
        return TAKEN, {**item, "taken": error.participant}
    return BOOKED, with_told(item, parameters.into, doing, written)
