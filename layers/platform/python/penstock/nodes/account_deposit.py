"""account.deposit"""

from penstock.nodes.bookings import AccountBooking
from penstock.sagas.participants import account, carry_out
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type


class Parameters(AccountBooking):
    """What is added."""


@node_type("account.deposit", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def deposit_amount(call: Call[Parameters]) -> Outcome:
    """Add an amount to an account.

    Refused when there is no such account, or it is kept in another currency. Asked for again, it changes nothing.
    """
    p, entry = call.parameters, call.parameters.entry or call.key
    carry_out(call, account.AGGREGATE, p.account, lambda found: account.book(found, entry, p.amount, p.currency))
    return Emit.main([{"account": p.account, "entry": entry}])
