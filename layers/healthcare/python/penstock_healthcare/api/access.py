"""The settings of access as the API takes and shows them."""

from pydantic import BaseModel, ConfigDict, Field

from penstock_healthcare.access.settings import Consent, Settings


class SettingsView(BaseModel):
    """What holds now."""

    consent: Consent = Field(description="off; opt_out: shown unless a consent denies; opt_in: only what one permits")
    reason: str = Field(description="Why it was set")

    @classmethod
    def of(cls, settings: Settings) -> "SettingsView":
        """The state as it is shown."""
        return cls(consent=settings.consent, reason=settings.reason)


class NewSettings(BaseModel):
    """What is to hold."""

    model_config = ConfigDict(extra="forbid")

    consent: Consent = Field(description="How patients' consents count")
    reason: str = Field(min_length=1, max_length=1_000, description="Why, for the record; no patient data")
