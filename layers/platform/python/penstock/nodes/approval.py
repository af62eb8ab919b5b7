"""core.approval"""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penstock.fields import FieldPath, put
from penstock.json import JSON
from penstock.workflows.node import (
    AwaitCallback,
    Call,
    Emit,
    Kind,
    NodeFailure,
    NodeParameters,
    Outcome,
    Signal,
    node_type,
)

WEEK = timedelta(days=7)
LONGEST_WAIT = timedelta(days=366)


class Parameters(NodeParameters):
    """Who is asked what, and for how long."""

    message: str = Field(min_length=1, max_length=4_000, description="What is asked, as the approvers read it")
    approvers: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=100, description="Who may decide: users or groups. Empty: anyone who has the callback"
    )
    timeout_seconds: float = Field(
        default=WEEK.total_seconds(),
        gt=0,
        le=LONGEST_WAIT.total_seconds(),
        description="How long to wait for a decision; a week when left out",
    )
    decision_field: FieldPath | None = Field(
        default="approval",
        description="The field of every item that gets the decision; null leaves the items unchanged",
    )


class Decision(BaseModel):
    """What an approver answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    approved: bool
    by: str = Field(default="", max_length=200)
    comment: str = Field(default="", max_length=4_000)


def decision(payload: JSON) -> Decision:
    """The decision in a callback's payload: `{"approved": true, "by": "dr.b", "comment": "seen"}`.

    Only `approved` is required, and it must be a boolean. Raises NodeFailure naming what does not fit: whoever takes
    the callback in should call this first, for the approver to be told while the approval still waits.
    """
    if not isinstance(payload, dict):
        raise NodeFailure("InvalidDecision", "a decision is an object with the field approved", permanent=True)
    try:
        return Decision.model_validate(payload)
    except ValidationError as invalid:
        reasons = [
            ": ".join([*map(str, error["loc"]), error["msg"]])
            for error in invalid.errors(include_input=False, include_url=False)
        ]
        raise NodeFailure("InvalidDecision", "; ".join(reasons), permanent=True) from None


def _decided(call: Call[Parameters], signal: Signal) -> Outcome:
    if signal.kind == "timer":
        return Emit({"timed_out": call.items})
    answer, field = decision(signal.payload), call.parameters.decision_field
    items = [put(item, field, answer.model_dump()) for item in call.items] if field else call.items
    return Emit({"approved" if answer.approved else "rejected": items})


@node_type(
    "core.approval",
    kind=Kind.CONTROL,
    parameters=Parameters,
    outputs=("approved", "rejected", "timed_out"),
    per_item=False,
    resume=_decided,
)
def wait_for_approval(call: Call[Parameters]) -> Outcome:
    """Hold the items until somebody approves or rejects them.

    They leave by `approved` or `rejected`, with the decision, who took it and their comment; or by `timed_out`,
    unchanged, when nobody has decided in time.
    """
    parameters = call.parameters
    details = {"kind": "approval", "message": parameters.message, "approvers": list(parameters.approvers)}
    return AwaitCallback(call.now + timedelta(seconds=parameters.timeout_seconds), details)
