"""account.reverse"""

from pydantic import Field

from penstock.sagas.participants import account, carry_out
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type


class Parameters(NodeParameters):
    """Which booking is taken back."""

    account: str = Field(min_length=1, max_length=200, pattern=r"^[^\s#]+$", description="The account")
    entry: str = Field(min_length=1, max_length=200, description="The booking's entry, as it was given")


@node_type("account.reverse", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def reverse_entry(call: Call[Parameters]) -> Outcome:
    """Take a booking back.

    A booking that never came is refused should it come later, so that undoing is safe when nobody knows whether it was
    made. Refused when the account no longer holds what has to be taken from it.
    """
    p = call.parameters
    carry_out(call, account.AGGREGATE, p.account, lambda found: account.reverse(found, p.entry))
    return Emit.main([{"account": p.account, "entry": p.entry}])
