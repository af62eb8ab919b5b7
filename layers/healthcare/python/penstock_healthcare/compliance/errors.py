"""What can go wrong; the tree is drawn in `penstock_healthcare.compliance`."""

from collections.abc import Sequence
from dataclasses import dataclass


class ComplianceError(Exception):
    """Root of the tree."""


class UnknownTemplate(ComplianceError):
    """No template has this id."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(f"there is no such template; there are {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field, by its path, and why it is refused; no value is quoted."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class WrongData(ComplianceError):
    """The data do not fit the template. `problems` has each field that does not."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class BrokenTemplate(ComplianceError):
    """A template cannot be used as its file stands."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason
