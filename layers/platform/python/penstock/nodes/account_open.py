"""account.open"""

from pydantic import Field

from penstock.sagas.participants import account, carry_out
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """Which account."""

    account: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The account")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, as EUR")


@node_type("account.open", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def open_account(call: Call[Parameters]) -> Outcome:
    """Open an account, once.

    Refused when it is open in another currency.
    """
    p = call.parameters
    carry_out(call, account.AGGREGATE, p.account, lambda found: account.open_account(found, p.currency))
    return Emit.main([{"account": p.account}])
