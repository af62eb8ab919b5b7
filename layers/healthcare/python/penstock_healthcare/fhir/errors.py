"""What can go wrong with resources; the tree is drawn in `penstock_healthcare.fhir`."""


class FhirError(Exception):
    """Root of the tree."""


class NotMapped(FhirError):
    """Messages of this type have no mapping."""

    def __init__(self, message_type: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"there is no mapping of {message_type[:40] or 'a message without a type'}; {', '.join(known)} have one"
        )
        self.message_type, self.known = message_type, known


class InvalidResource(FhirError):
    """`path` says which part of a resource does not hold."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class UnknownResource(FhirError):
    """No such resource, or no such version of it."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there is no {reference}")
        self.reference = reference
