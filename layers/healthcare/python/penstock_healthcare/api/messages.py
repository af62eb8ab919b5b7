"""Received messages as the API takes and shows them."""

import base64
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from penstock.api.problems import InvalidRequest
from penstock.api.resources.paging import filtered
from penstock.clock import Clock, iso
from penstock.json import JSONObject
from penstock_healthcare import hl7
from penstock_healthcare.messages.message import ReceivedMessage, Status
from penstock_healthcare.messages.service import Reception

LONGEST_RAW = 5_600_000
"""Characters of base64: 4.2 MB. An answer of 6 MB, Lambda's limit, still holds it."""
MOST_PARSED = 500_000
"""Bytes of a message that is shown parsed; its JSON is several times as long."""

MessageId = Annotated[str, Path(min_length=1, max_length=200, description="The message's id")]
Raw = Annotated[str, Field(min_length=1, max_length=LONGEST_RAW, description="Base64 of the message's bytes")]


class Source(BaseModel):
    """Who sent a message, as its listener saw it."""

    model_config = ConfigDict(extra="forbid")

    peer: str = Field(default="", max_length=200, description="The sender's network address")
    listener: str = Field(default="", max_length=200, description="The gateway's listener")


class Delivery(BaseModel):
    """A message as a gateway hands it over."""

    model_config = ConfigDict(extra="forbid")

    raw: Raw
    received_at: AwareDatetime | None = Field(default=None, description="When the gateway had it; now if left out")
    source: Source = Source()

    def reception(self, clock: Clock) -> Reception:
        """The delivery for the service. Raises InvalidRequest."""
        received_at = iso(self.received_at or clock())
        return Reception(decoded(self.raw), received_at, self.source.model_dump())


class Resubmission(BaseModel):
    """A message sent in again."""

    model_config = ConfigDict(extra="forbid")

    raw: Raw | None = Field(default=None, description="Base64 of the corrected message; the same one if left out")
    reason: str = Field(default="", max_length=1_000, description="Why, for the record; no patient data")


class Fault(BaseModel):
    """What is wrong with a message; never quotes it."""

    code: str = Field(description="HL7 table 0357")
    location: str = Field(description="A path, as PID-3.1")
    message: str


class Acknowledgment(BaseModel):
    """How a message's sender is to be answered."""

    id: str
    status: Literal["stored", "rejected"]
    control_id: str
    acknowledgment: Literal["AA", "AE", "AR"] = Field(description="HL7 table 0008")
    errors: list[Fault]

    @classmethod
    def of(cls, message: ReceivedMessage) -> "Acknowledgment":
        """What becomes of the message."""
        error = message.error
        return cls(
            id=message.id.key,
            status="rejected" if error else "stored",
            control_id=message.header.get("control_id", ""),
            acknowledgment=error["acknowledgment"] if error else "AA",
            errors=[Fault.model_validate(error)] if error else [],
        )


class MessageSummary(BaseModel):
    """A message as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: Status
    message_type: str = Field(description="MSH-9 as type and event: ORU^R01")
    control_id: str
    sending_application: str
    sending_facility: str
    received_at: str
    stored_at: str
    updated_at: str
    size: int = Field(description="Bytes, as it was received first")
    source: Source
    submissions: int = Field(description="How often it was sent in")
    findings: int = Field(description="How many")
    error: Fault | None


class MessageView(BaseModel):
    """A message with all that is known of it."""

    id: str
    status: Status
    header: dict[str, str]
    received_at: str
    updated_at: str
    source: Source
    sha256: str = Field(description="Of the bytes as they were received, in hex")
    submissions: int
    original: str = Field(description="Base64 of the bytes as they were received")
    correction: str | None = Field(description="Base64 of the last correction, which holds; null without one")
    message: dict[str, Any] | None = Field(
        description="Segments and fields of what holds; null when it cannot be read, or is over half a megabyte"
    )
    findings: list[dict[str, str]]
    error: Fault | None

    @classmethod
    def of(cls, message: ReceivedMessage) -> "MessageView":
        """The state as it is shown."""
        return cls(
            id=message.id.key,
            status=message.status,
            header=message.header,
            received_at=message.received_at,
            updated_at=message.updated_at,
            source=Source.model_validate(message.source),
            sha256=message.sha256,
            submissions=message.submissions,
            original=message.original,
            correction=message.raw if message.raw != message.original else None,
            message=_parsed(message.content),
            findings=list(message.findings),
            error=Fault.model_validate(message.error) if message.error else None,
        )


def decoded(raw: str) -> bytes:
    """The bytes of base64. Raises InvalidRequest."""
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        raise InvalidRequest("body.raw", "must be base64") from None


def listing(status: Status | None, message_type: str | None, sender: str | None) -> tuple[str, str]:
    """The index of the listing by these filters, and the prefix within it. Raises InvalidRequest."""
    if message_type and sender:
        raise InvalidRequest("query.sender", "cannot be combined with type")
    return filtered("|", status=status, type=message_type, sender=sender)


def _parsed(raw: bytes) -> JSONObject | None:
    try:
        return hl7.to_json(hl7.parse(raw, max_bytes=MOST_PARSED))
    except hl7.HL7Error:
        return None
