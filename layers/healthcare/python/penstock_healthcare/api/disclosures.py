"""Disclosures as the API shows them."""

from pydantic import BaseModel, Field

from penstock_healthcare.disclosures.accounting import Accounting


class DisclosureRow(BaseModel):
    """A disclosure."""

    date: str
    recipient: str
    address: str | None = Field(default=None, description="null where it is not known")
    information: str
    purpose: str


class SeriesRow(BaseModel):
    """Disclosures to one recipient for one purpose: what is told is of the first."""

    first: str
    last: str
    count: str = Field(description="How many, and how often")
    recipient: str
    address: str | None = Field(default=None, description="null where it is not known")
    information: str
    purpose: str


class AccountingFields(BaseModel):
    """Fields of the template accounting_of_disclosures, under their names there."""

    request_date: str
    from_date: str
    to_date: str
    disclosures: list[DisclosureRow] | None = Field(description="null when there are none")
    series: list[SeriesRow] | None = Field(description="null when there are none")


class AccountingView(BaseModel):
    """A patient's accounting."""

    patient: str
    accounting: AccountingFields
    erased: int = Field(description="Disclosures in this time that are unreadable since the patient was forgotten")

    @classmethod
    def of(cls, patient: str, found: Accounting) -> "AccountingView":
        """The accounting as it is shown."""
        covers = found.period
        fields = AccountingFields(
            request_date=covers.requested.isoformat(),
            from_date=covers.first.isoformat(),
            to_date=covers.last.isoformat(),
            disclosures=[DisclosureRow(**each) for each in found.disclosures] or None,
            series=[SeriesRow(**each) for each in found.series] or None,
        )
        return cls(patient=patient, accounting=fields, erased=found.erased)


class DisclosuresSummary(BaseModel):
    """How many disclosures of a patient are recorded."""

    patient: str
    accounted: int = Field(description="Those that an accounting lists")
    exempt: int = Field(description="Those that need none")
    first: str
    last: str
    updated_at: str
