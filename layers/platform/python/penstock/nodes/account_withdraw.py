"""account.withdraw"""

from pydantic import Field

from penstock.sagas.participants import account, carry_out
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """What is taken."""

    account: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The account")
    amount: int = Field(ge=1, le=10**15, description="Cents")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, as EUR")
    entry: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The booking is known by it; the run's own key when left out",
    )


@node_type("account.withdraw", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def withdraw_amount(call: Call[Parameters]) -> Outcome:
    """Take an amount from an account.

    Refused when the account does not hold as much, is not there, or is kept in another currency. Asked for again, it
    changes nothing.
    """
    p, entry = call.parameters, call.parameters.entry or call.key
    carry_out(call, account.AGGREGATE, p.account, lambda found: account.book(found, entry, -p.amount, p.currency))
    return Emit.main([{"account": p.account, "entry": entry}])
