"""What can go wrong with an expression; the tree is drawn in `penstock_healthcare.fhir.path`."""

from penstock_healthcare.fhir.errors import FhirError


class PathError(FhirError):
    """Root of the tree."""


class BadExpression(PathError):
    """Not FHIRPath, or a function that there is not."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"character {position + 1}: {reason}")
        self.reason, self.position = reason, position


class BadOperand(PathError):
    """A function or operator that cannot take what it was given."""


class TooCostly(PathError):
    """Evaluation was given up."""
