"""healthcare.hl7.generate"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.hl7 import HL7Error, Message, building, parse
from penstock_healthcare.hl7.acknowledgment import ERROR_CODES, Code, Fault, acknowledge
from penstock_healthcare.hl7.building.patients import Allergy, Contact, Diagnosis, Insurance, Patient, Visit
from penstock_healthcare.hl7.path import parse_path
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in

MOST_MESSAGES = 1_000
LARGEST = 4_000_000
_LONGEST_CONTROL_ID = 20
_Party = Annotated[str, Field(max_length=227, pattern=r"^[^|~\\\r\n]*$")]


@dataclass(frozen=True, slots=True)
class _Builder:
    """How a type of message is built: with which events, of what it needs and of what it takes besides."""

    build: Callable[..., Message]
    events: frozenset[str]
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    has_choice: bool = True
    """Whether the event is an argument: it is where there are several."""


_ADMITTED = ("occurred_at", "merged", "merged_name", "contacts", "observations", "allergies", "diagnoses", "insurances")
_BUILDERS: Mapping[str, _Builder] = {
    "ADT": _Builder(building.adt, building.ADT_EVENTS, ("patient",), ("visit", *_ADMITTED)),
    "MDM": _Builder(building.mdm, building.MDM_EVENTS, ("patient", "visit", "document")),
    "SIU": _Builder(building.siu, building.SIU_EVENTS, ("patient", "appointment"), ("visit",)),
    "ORM": _Builder(building.orm, frozenset({"O01"}), ("patient", "orders"), ("visit",), has_choice=False),
    "OMG": _Builder(building.omg, frozenset({"O19"}), ("patient", "orders"), ("visit",), has_choice=False),
    "OML": _Builder(building.oml, frozenset({"O21"}), ("patient", "orders"), ("visit",), has_choice=False),
    "ORU": _Builder(building.oru, frozenset({"R01"}), ("patient", "orders"), ("visit",), has_choice=False),
}
_PARTS = ("patient", "visit", "orders", "document", "appointment", *_ADMITTED)
_ANSWERING = ("acknowledgment", "message")


def _decimal(text: object) -> Decimal:
    number = Decimal(str(text))
    if not number.is_finite():
        raise InvalidOperation
    return number


_VALUES: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "number": (_decimal, "a decimal number, as text"),
    "date": (date.fromisoformat, "a date as YYYY-MM-DD"),
    "time": (datetime.fromisoformat, "a time as 2026-11-24T08:00:00Z"),
}
"""Values of observations that JSON has no type for: `{"number": "6.90"}` keeps its digits."""


def _typed(value: Any) -> Any:
    """The same with the values of observations as what they are. Raises ValueError."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if isinstance(value, dict):
        return {name: _value(each) if name == "value" else _typed(each) for name, each in value.items()}
    return value


def _value(value: Any) -> Any:
    kind = next(iter(value), "") if isinstance(value, dict) and len(value) == 1 else ""
    if kind not in _VALUES:
        return value
    read, expected = _VALUES[kind]
    try:
        return read(value[kind])
    except (ValueError, TypeError, InvalidOperation):
        raise ValueError(f"value.{kind} must be {expected}") from None


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """What a message is answered; ``code`` AA, AE, AR, CA, CE or CR, a fault's of table 0357."""

    code: Code
    errors: tuple[Fault, ...] = ()


class Parameters(NodeParameters):
    """What the message says, by segment."""

    model_config = ConfigDict(str_max_length=200_000)

    message_type: str = Field(
        pattern=r"^(?:(?:ADT|MDM|SIU|ORM|OMG|OML|ORU)\^[A-Z]\d\d|ACK)$",
        description="Type and event: ADT^A01, MDM^T02, SIU^S12, ORM^O01, OMG^O19, OML^O21, ORU^R01; or ACK",
    )
    patient: Patient | None = Field(default=None, description="PID: identifiers, name, born, sex, addresses …")
    visit: Visit | None = Field(default=None, description="PV1: patient_class, location, attending, number …")
    orders: list[building.Order] = Field(
        default=[], max_length=200, description="ORC and OBR with their observations, notes, diagnoses and specimens"
    )
    document: building.Document | None = Field(default=None, description="TXA and its content, of an MDM")
    appointment: building.Appointment | None = Field(default=None, description="SCH and its resources, of a SIU")
    occurred_at: datetime | None = Field(default=None, description="EVN-2, when it happened; else now")
    merged: building.Identifier | None = Field(default=None, description="MRG-1: the number that is given up")
    merged_name: building.Name | None = Field(default=None, description="MRG-7")
    contacts: list[Contact] = Field(default=[], max_length=100, description="NK1: next of kin, of an ADT")
    observations: list[building.Observation] = Field(default=[], max_length=500, description="OBX, of an ADT")
    allergies: list[Allergy] = Field(default=[], max_length=500, description="AL1, of an ADT")
    diagnoses: list[Diagnosis] = Field(default=[], max_length=500, description="DG1, of an ADT")
    insurances: list[Insurance] = Field(default=[], max_length=100, description="IN1, of an ADT")
    acknowledgment: Acknowledgment | None = Field(default=None, description="What an ACK answers: code and errors")
    message: str | None = Field(
        default=None, description="The message that an ACK answers; the item's `raw` when left out"
    )
    sending_application: _Party = Field(default="PENSTOCK", description="MSH-3, not of an ACK: it takes the receiver's")
    sending_facility: _Party = Field(default="", description="MSH-4")
    receiving_application: _Party = Field(default="", description="MSH-5")
    receiving_facility: _Party = Field(default="", description="MSH-6")
    version: str = Field(default="2.5.1", pattern=r"^2\.[3-9](\.\d)?$", description="MSH-12, not of an ACK")

    @field_validator("orders", "observations", "document", mode="before")
    @classmethod
    def _with_values(cls, value: Any) -> Any:
        return _typed(value)

    @model_validator(mode="after")
    def _fits(self) -> "Parameters":
        if reason := _misfit(self):
            raise ValueError(reason)
        return self


def _misfit(given: Parameters) -> str:
    """Which part is missing, or does not belong to the type; "" when all is well."""
    kind, _, event = given.message_type.partition("^")
    builder = _BUILDERS.get(kind)
    needs = builder.needs if builder else ("acknowledgment",)
    takes = builder.takes if builder else ("message",)
    said = [name for name in (*_PARTS, *_ANSWERING) if getattr(given, name) not in (None, [])]
    if builder and event not in builder.events:
        return f"message_type: {kind} has no event {event} here; it has {', '.join(sorted(builder.events))}"
    if missing := [name for name in needs if name not in said]:
        return f"{missing[0]}: is needed for {given.message_type}"
    if surplus := [name for name in said if name not in (*needs, *takes)]:
        return f"{surplus[0]}: does not belong to {given.message_type}"
    return _wrong_code(given)


def _wrong_code(given: Parameters) -> str:
    """What the parts' own types do not hold."""
    resources = given.appointment.resources if given.appointment else ()
    if any(each.kind not in ("", "AIS", "AIG", "AIL", "AIP") for each in resources):
        return "appointment.resources: kind must be AIS, AIG, AIL or AIP"
    errors = given.acknowledgment.errors if given.acknowledgment else ()
    if any(each.code not in ERROR_CODES for each in errors):
        return f"acknowledgment.errors: code must be one of {', '.join(ERROR_CODES)}"
    if not all(_is_path(each.location) for each in errors):
        return "acknowledgment.errors: location must be a path, as PID-3[0].4.1"
    return ""


def _is_path(text: str) -> bool:
    try:
        return not text or bool(parse_path(text))
    except HL7Error:
        return False


@node_type("healthcare.hl7.generate", kind=Kind.QUERY, parameters=Parameters)
def generate_hl7(call: Call[Parameters]) -> Outcome:
    """Build an HL7 v2 message of fields: ADT, MDM, SIU, ORM, OMG, OML, ORU, or the ACK to a message.

    Adds to the item `raw`, base64 of the message, its `message_type` and its `control_id`, which is the same when the
    node runs again. The message is held against its version's tables before it goes out; what is missing or does not
    fit fails with its path (`Invalid`). An observation's value is text, a whole number, a code, or
    `{"number": "6.90"}`, `{"date": …}`, `{"time": …}`.
    """
    if len(call.items) > MOST_MESSAGES:
        raise NodeFailure("TooManyMessages", f"{len(call.items)} items; at most {MOST_MESSAGES} a run", permanent=True)
    return Emit.main([_generated(call, index, item, given) for index, (item, given) in enumerate(call.each())])


def _generated(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    control_id = call.id_for(index).hex[:_LONGEST_CONTROL_ID].upper()
    try:
        message = _built(call.now, item, given, control_id)
    except (HL7Error, NoMessage) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from error
    content = bytes(message)
    if len(content) > LARGEST:
        reason = f"item {index}: a message of {len(content)} bytes is over the limit of {LARGEST}"
        raise NodeFailure("MessageTooLarge", reason, permanent=True)
    return {**item, "raw": base64.b64encode(content).decode(), "message_type": message.type, "control_id": control_id}


def _built(now: datetime, item: JSONObject, given: Parameters, control_id: str) -> Message:
    kind, _, event = given.message_type.partition("^")
    if given.acknowledgment is not None:
        code, errors = given.acknowledgment.code, given.acknowledgment.errors
        answered = message_in(item, given.message)
        return parse(acknowledge(answered, code, control_id=control_id, timestamp=now, errors=errors))
    builder = _BUILDERS[kind]
    parties = ("sending_application", "sending_facility", "receiving_application", "receiving_facility", "version")
    header = building.Header(control_id=control_id, timestamp=now, **{name: getattr(given, name) for name in parties})
    names = [name for name in (*builder.needs, *builder.takes) if getattr(given, name) not in (None, [])]
    parts = {name: getattr(given, name) for name in names}
    return builder.build(*([event] if builder.has_choice else []), header=header, **parts)
