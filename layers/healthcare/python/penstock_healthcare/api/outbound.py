"""Outbound messages as the API takes and shows them."""

import base64
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from penstock.api.problems import InvalidRequest
from penstock.clock import Clock, iso
from penstock_healthcare.outbound.message import OutboundMessage, ReportOutcome, Status

LONGEST_ACKNOWLEDGMENT = 100_000
MOST_ERRORS = 50

OutboundId = Annotated[str, Path(min_length=1, max_length=200, description="The outbound message's id")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReceiverError(_Body):
    """What the receiver found wrong."""

    code: str = Field(default="", max_length=20, description="Of table 0357")
    location: str = Field(default="", max_length=200, description="A path: PID-3[0].1")
    message: str = Field(default="", max_length=1_000)


class Outcome(_Body):
    """What came of sending a message, as its gateway tells it."""

    round: int = Field(ge=1, le=1_000_000, description="Which time it was queued, as it was read")
    code: Literal["AA", "CA", "AE", "AR", "CE", "CR", ""] = Field(
        description="MSA-1 of the receiver's answer; empty when the message could not be sent at all"
    )
    errors: list[ReceiverError] = Field(default=[], max_length=MOST_ERRORS)
    acknowledgment: str = Field(
        default="", max_length=LONGEST_ACKNOWLEDGMENT, description="Base64 of the receiver's answer"
    )
    acknowledged_at: AwareDatetime | None = Field(default=None, description="Now if left out")
    attempts: int = Field(default=1, ge=0, le=10**9, description="How often it was sent")

    def command(self, clock: Clock) -> ReportOutcome:
        """The same as the domain has it. Raises InvalidRequest."""
        try:
            base64.b64decode(self.acknowledgment, validate=True)
        except ValueError:
            raise InvalidRequest("body.acknowledgment", "must be base64") from None
        return ReportOutcome(
            round=self.round,
            code=self.code,
            errors=[error.model_dump() for error in self.errors],
            acknowledgment=self.acknowledgment,
            acknowledged_at=iso(self.acknowledged_at or clock()),
            attempts=self.attempts,
        )


class Again(_Body):
    """A message sent again."""

    reason: str = Field(default="", max_length=1_000, description="Why, for the record; no patient data")


class OutboundSummary(BaseModel):
    """A message as it is listed."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: Status
    destination: str
    message_type: str = Field(description="MSH-9 as type and event: ORU^R01")
    control_id: str
    size: int = Field(description="Bytes")
    code: str = Field(description="MSA-1 of the receiver's answer")
    rounds: int = Field(description="How often it was queued")
    attempts: int = Field(description="How often it was sent since it was queued last")
    queued_at: str
    updated_at: str


class OutboundView(BaseModel):
    """A message with all that is known of it."""

    id: str
    status: Status
    round: int
    destination: str
    message_type: str
    control_id: str
    raw: str = Field(description="Base64 of the message's bytes; empty once they were shredded")
    sha256: str
    size: int
    code: str
    errors: list[ReceiverError]
    acknowledgment: str = Field(description="Base64 of the receiver's answer")
    attempts: int
    queued_at: str
    updated_at: str

    @classmethod
    def of(cls, message: OutboundMessage) -> "OutboundView":
        """The state as it is shown."""
        own = {name: getattr(message, name) for name in cls.model_fields if name not in ("id", "errors")}
        errors = [ReceiverError.model_validate(error) for error in message.errors]
        return cls(id=message.id.key, errors=errors, **own)
