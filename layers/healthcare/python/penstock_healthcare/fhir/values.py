"""Decimals as workflow items hold them: as text with the sender's digits, "1.00" stays "1.00"."""

from decimal import Decimal

from penstock.json import JSON
from penstock_healthcare.hl7 import BadValue, parse_number


def number(value: JSON) -> Decimal | None:
    """A decimal as items hold it, as text or number; None where there is none."""
    try:
        return parse_number(str(value)) if isinstance(value, str | int | float) else None
    except BadValue:
        return None
