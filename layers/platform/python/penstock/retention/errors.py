"""What can go wrong with retention; the tree is drawn in `penstock.retention`."""


class RetentionError(Exception):
    """Root of the tree."""


class InvalidRule(RetentionError):
    """A part of a rule does not hold; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class InvalidHold(RetentionError):
    """A part of a hold does not hold; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class UnknownHold(RetentionError):
    """No such hold is in force: it never was, or it was lifted."""

    def __init__(self, hold: str) -> None:
        super().__init__(f"there is no hold {hold} in force")
        self.hold = hold
