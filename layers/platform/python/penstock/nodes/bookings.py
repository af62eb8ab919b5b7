"""What nodes that book on an account, or on stock, have in common."""

from pydantic import Field

from penstock.workflows.node import NodeParameters


class AccountBooking(NodeParameters):
    """An amount on an account."""

    account: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The account")
    amount: int = Field(ge=1, le=10**15, description="Cents")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, as EUR")
    entry: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The booking is known by it; the run's own key when left out",
    )


class StockBooking(NodeParameters):
    """Units of an article."""

    sku: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The article")
    quantity: int = Field(default=1, ge=1, le=1_000_000_000, description="Units")
