"""What the nodes that make questions to payers have in common: how the question and its interchange are known."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from penstock.workflows.node import Call
from penstock_healthcare.eligibility.inquiry import Route
from penstock_healthcare.eligibility.sources import control_number_of
from penstock_healthcare.x12.writing import MOST_CONTROL_NUMBER

Ends = Annotated[Route, Field(description="The two ends of the X12 interchange, as the receiver has assigned them")]
Trace = Annotated[str, Field(max_length=50, description="What the answer is known by (TRN-02); made up when left out")]
ControlNumber = Annotated[
    int | None,
    Field(ge=1, le=MOST_CONTROL_NUMBER, description="ISA-13; made of the run's key when left out"),
]


@dataclass(frozen=True, slots=True)
class Marks:
    """The question's id, its trace, and the interchange's control number."""

    key: UUID
    trace: str
    control_number: int


def marks(call: Call[Any], index: int, trace: str, control_number: int | None) -> Marks:
    """Those given, or made of the run and the item's place: the same when it runs again."""
    key = call.id_for(index)
    return Marks(key, trace or key.hex[:20].upper(), control_number or control_number_of(key))
