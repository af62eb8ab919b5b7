"""What a payer is asked to authorise: the fields of a 278 request."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from penstock_healthcare.eligibility.inquiry import Dependent, Part, Payer, Provider, ServiceType, Subscriber

CATEGORIES: Mapping[str, str] = {"admission": "AR", "services": "HS", "specialist": "SC"}
"""UM-01."""
KINDS: Mapping[str, str] = {
    "first": "I",
    "renewal": "R",
    "revised": "S",
    "appeal": "2",
    "urgent_appeal": "1",
    "cancel": "3",
}
"""UM-02."""
URGENCIES: Mapping[str, str] = {"emergency": "03", "urgent": "U", "elective": "E", "": ""}
"""UM-06."""


class Treatment(Part):
    """One service of the treatment (SV1)."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{4,7}$")] = Field(description="CPT or HCPCS code")
    modifiers: tuple[Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")], ...] = Field(
        default=(), max_length=4, description="Its modifiers"
    )
    quantity: int = Field(default=1, ge=1, le=99_999, description="How often")


class Application(Part):
    """One request for authorisation."""

    payer: Payer
    provider: Provider
    subscriber: Subscriber
    dependent: Dependent | None = Field(default=None, description="The patient, where that is not the subscriber")
    category: Literal["admission", "services", "specialist"] = Field(
        default="services", description="What is asked for: an admission, services, or care by a specialist"
    )
    kind: Literal["first", "renewal", "revised", "appeal", "urgent_appeal", "cancel"] = Field(
        default="first", description="Whether it was asked for before, and how"
    )
    urgency: Literal["", "elective", "urgent", "emergency"] = Field(default="", description="How urgent it is")
    service_type: ServiceType | Literal[""] = Field(default="", description="X12 service type: PT, 48 …")
    place: Annotated[str, Field(pattern=r"^(\d{2})?$")] = Field(
        default="", description="Place of service: 11 the office, 21 a hospital stay, 22 a hospital visit"
    )
    diagnoses: tuple[Annotated[str, Field(pattern=r"^[A-TV-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$")], ...] = Field(
        min_length=1, max_length=12, description="ICD-10-CM codes, the principal one first"
    )
    treatments: tuple[Treatment, ...] = Field(min_length=1, max_length=50, description="The services")
    date: datetime.date = Field(description="The day of the treatment, or the first one")
    until: datetime.date | None = Field(default=None, description="The last day, where it takes several")
    earlier_number: Annotated[str, Field(max_length=50)] = Field(
        default="", description="The authorisation's number, where it was asked for before"
    )

    @model_validator(mode="after")
    def _runs_forward(self) -> "Application":
        if self.until is not None and self.until < self.date:
            raise ValueError("until: must not lie before the date")
        return self
