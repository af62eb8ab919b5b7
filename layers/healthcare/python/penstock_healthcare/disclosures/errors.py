"""What can go wrong with disclosures; the tree is drawn in `penstock_healthcare.disclosures`."""


class DisclosureError(Exception):
    """Root of the tree."""


class WrongPeriod(DisclosureError):
    """`field` is `from`, `to` or `requested`; the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class TooMany(DisclosureError):
    """More of something than there is room for."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"there are more than {most:,} {what}")
