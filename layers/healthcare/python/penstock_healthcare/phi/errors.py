"""What can go wrong; the tree is drawn in `penstock_healthcare.phi`."""


class PhiError(Exception):
    """Root of the tree."""


class NotExamined(PhiError):
    """A part cannot be looked into, so that nobody can say what it holds. `location` is where; no value is quoted."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(f"{location}: {reason}")
        self.location, self.reason = location, reason


class NotOpened(PhiError):
    """A sealed field was sealed for another tenant or purpose, or is none, or its key was ended."""


class NotSealed(PhiError):
    """A field is not there, or holds nothing that can be sealed. `path` is where; no value is quoted."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason
