"""What can go wrong with processes; the tree is drawn in `penstock.processes`."""

from collections.abc import Sequence

from penstock.workflows.errors import Problem


class ProcessError(Exception):
    """Root of the tree."""


class InvalidProcess(ProcessError):
    """The definition cannot run; `problems` holds what is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class UnknownProcess(ProcessError):
    """No such definition, version or instance."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class WrongStatus(ProcessError):
    """The action does not fit where the thing stands."""

    def __init__(self, what: str, status: str, reason: str) -> None:
        super().__init__(f"{what} is {status}: {reason}")
        self.what, self.status, self.reason = what, status, reason
