"""What is asked about a patient's coverage: the fields that the X12 270 and the FHIR request are both made of."""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[str, Field(min_length=1, max_length=80)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Given = Annotated[str, Field(max_length=35)]
Sex = Literal["F", "M", "U", ""]
ServiceType = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,2}$")]
Npi = Annotated[str, Field(pattern=r"^\d{10}$")]


class Part(BaseModel):
    """Base of the parts of an inquiry."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Payer(Part):
    """The insurer (NM1*PR)."""

    name: Name = Field(description="The insurer's name")
    id: Id = Field(description="The insurer's id, as the insurer or the clearinghouse gives it")


class Provider(Part):
    """Who asks (NM1*1P): an organisation, or a person where `given` is there."""

    name: Name = Field(description="The organisation's name, or the person's family name")
    given: Given = Field(default="", description="The person's given name")
    npi: Npi = Field(description="National Provider Identifier, ten digits")


class Person(Part):
    """Who is insured, or is asked about."""

    family: Name = Field(description="Family name")
    given: Given = Field(default="", description="Given name")
    born: datetime.date | None = Field(default=None, description="Date of birth")
    sex: Sex = Field(default="", description="F, M or U, as the insurer has it")


class Subscriber(Person):
    """Whose contract it is (NM1*IL)."""

    member_id: Id = Field(description="The member id on the card")


class Dependent(Person):
    """A patient who is insured with the subscriber (NM1*03)."""

    relationship: Literal["spouse", "child", "other"] = Field(default="child", description="To the subscriber")


class Inquiry(Part):
    """One question to a payer."""

    payer: Payer
    provider: Provider
    subscriber: Subscriber
    dependent: Dependent | None = Field(
        default=None, description="The patient, where that is not the subscriber and has no member id of their own"
    )
    service_types: tuple[ServiceType, ...] = Field(
        default=("30",), min_length=1, max_length=99, description="X12 service types; 30 is the plan as a whole"
    )
    date: datetime.date | None = Field(
        default=None, description="The day of the service; the day of asking when left out"
    )
    until: datetime.date | None = Field(default=None, description="The last day, where it is a range")

    @model_validator(mode="after")
    def _runs_forward(self) -> "Inquiry":
        if self.until is not None and (self.date is None or self.until < self.date):
            raise ValueError("until: needs a date, and must not lie before it")
        return self

    @property
    def patient(self) -> Person:
        """Whom it is about."""
        return self.dependent or self.subscriber


class Route(Part):
    """The two ends of an X12 interchange (ISA-05 to ISA-08), as the receiver has assigned them."""

    sender: Annotated[str, Field(min_length=1, max_length=15)] = Field(description="ISA-06: who sends")
    sender_qualifier: Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")] = Field(default="ZZ", description="ISA-05")
    receiver: Annotated[str, Field(min_length=1, max_length=15)] = Field(description="ISA-08: who receives")
    receiver_qualifier: Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")] = Field(default="ZZ", description="ISA-07")
    test: bool = Field(default=True, description="Whether it is a test (ISA-15)")
