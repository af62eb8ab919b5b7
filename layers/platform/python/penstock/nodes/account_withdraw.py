"""account.withdraw"""

from penstock.nodes.bookings import AccountBooking
from penstock.sagas.participants import account, carry_out
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type


class Parameters(AccountBooking):
    """What is taken."""


@node_type("account.withdraw", kind=Kind.ACTION, parameters=Parameters, per_item=False)
def withdraw_amount(call: Call[Parameters]) -> Outcome:
    """Take an amount from an account.

    Refused when the account does not hold as much, is not there, or is kept in another currency. Asked for again, it
    changes nothing.
    """
    p, entry = call.parameters, call.parameters.entry or call.key
    carry_out(call, account.AGGREGATE, p.account, lambda found: account.book(found, entry, -p.amount, p.currency))
    return Emit.main([{"account": p.account, "entry": entry}])
