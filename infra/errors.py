"""The error tree of `infra`, drawn in the package docstring."""

from pathlib import Path


class InfraError(Exception):
    """Anything that stops synthesis or the build of a layer."""


class DefinitionError(InfraError):
    """A function's definition is wrong: which file, which field (dotted), and why."""

    def __init__(self, path: Path, field: str, reason: str) -> None:
        super().__init__(f"{path}: {field}: {reason}")
        self.path = path
        self.field = field
        self.reason = reason


class WheelError(InfraError):
    """The wheels of a wing could not be resolved or installed."""

    def __init__(self, wing: str, reason: str) -> None:
        super().__init__(f"wheels of wing {wing!r}: {reason}")
        self.wing = wing
        self.reason = reason


class ManifestError(InfraError):
    """The node-type manifest could not be written."""
