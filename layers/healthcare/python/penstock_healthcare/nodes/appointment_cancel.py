"""healthcare.appointment.cancel"""

from typing import Literal

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.appointments import Appointing, AppointmentReference, check
from penstock_healthcare.nodes.resources import each, failing, interactions, with_told

_REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
_CODES = {"patient": "pat", "provider": "prov", "equipment": "maint", "other": "other"}


class Parameters(Appointing):
    """Which appointment, and why."""

    reference: AppointmentReference = Field(description="The appointment: Appointment/7")
    reason: Literal["patient", "provider", "equipment", "other"] = Field(
        default="other", description="On whose side the reason lies"
    )
    text: str = Field(default="", max_length=1_000, description="The reason in words")


@node_type("healthcare.appointment.cancel", kind=Kind.ACTION, parameters=Parameters)
def cancel_appointment(call: Call[Parameters]) -> Outcome:
    """Cancel an appointment; its time is free at once.

    Adds `appointment` to the item: its `reference`, `id` and `version`, and whether it was `changed`: one that is
    cancelled already stays as it is. One that is over, missed or entered in error cannot be cancelled (`WrongStatus`).
    """
    return each(call, _cancelled)


def _cancelled(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    doing = interactions(call, index)
    kind, _, name = parameters.reference.partition("/")

    def change(appointment: JSONObject) -> JSONObject:
        if appointment.get("status") == "cancelled":
            return appointment
        check(appointment, "cancel")
        return {**appointment, "status": "cancelled", "cancelationReason": _reason(parameters)}

    with failing(f"item {index}: reference"):
        written = doing.change(kind, name, change)
    return with_told(item, parameters.into, doing, written)


def _reason(parameters: Parameters) -> JSONObject:
    coded = {"coding": [{"system": _REASONS, "code": _CODES[parameters.reason]}]}
    return {**coded, "text": parameters.text} if parameters.text else coded
