"""healthcare.fhir.from_hl7"""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import NotMapped
from penstock_healthcare.fhir.from_hl7 import Mapped, from_hl7
from penstock_healthcare.messages.errors import NoMessage
from penstock_healthcare.messages.sources import message_in

_DROPPED = ("raw", "hl7")


class Parameters(NodeParameters):
    """Where the message is, and how its times are meant."""

    message: str | None = Field(
        default=None, description="The message, base64 or text; the item's `raw` when left out", max_length=6_000_000
    )
    time_zone: str = Field(
        default="UTC",
        max_length=64,
        description="The time zone of times that are sent without an offset: Europe/Berlin",
    )
    bundle: bool = Field(
        default=False, description="Whether the item gets the `bundle`: a FHIR transaction with everything in it"
    )
    keep_message: bool = Field(default=False, description="Whether the item keeps its `raw` and `hl7`")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        zone(name)
        return name


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone, as Europe/Berlin") from None


@node_type("healthcare.fhir.from_hl7", kind=Kind.QUERY, parameters=Parameters)
def hl7_to_fhir(call: Call[Parameters]) -> Outcome:
    """Make FHIR R4 resources of an HL7 v2 message, as HL7's v2-to-FHIR maps have it.

    ADT, ORU, ORM, OMG, OML, RDE, MDM, SIU, VXU and DFT: patients and visits with their diagnoses and allergies, orders,
    specimens, results, prescriptions, documents, appointments, immunizations, charges. Adds to the item `resources`;
    `problems`, what had to be left out or kept as text; and `unmapped`, segments and fields that have no place in FHIR
    R4, each by path, rule and reason, never quoted. `bundle` adds the transaction that stores them, with what is only
    mentioned (practitioners, organizations, places) and a Provenance that names the message.

    The values of quantities are text, so that 1.00 keeps its digits; saving makes numbers of them. Ids follow from the
    sender's identifiers: a message that comes again, or its correction, gives the same resources. The message itself
    leaves the item.
    """
    return Emit.main([_mapped(index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _mapped(index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    mapped = _map(index, item, parameters)
    kept = {name: value for name, value in item.items() if parameters.keep_message or name not in _DROPPED}
    found = {"problems": list(mapped.problems), "unmapped": list(mapped.unmapped)}
    whole = {"bundle": mapped.bundle} if parameters.bundle else {}
    return {**kept, "resources": list(mapped.resources), **found, **whole}


def _map(index: int, item: JSONObject, parameters: Parameters) -> Mapped:
    try:
        return from_hl7(message_in(item, parameters.message), zone(parameters.time_zone))
    except (NoMessage, NotMapped) as error:
        raise NodeFailure(type(error).__name__, f"item {index}: {error}", permanent=True) from error
