"""What can go wrong with workflows; the tree is drawn in `penstock.workflows`."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where (`nodes[2].parameters.url`), and the rule's name."""

    path: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class WorkflowError(Exception):
    """Root of the tree."""


class InvalidWorkflow(WorkflowError):
    """The definition cannot run; `problems` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class UnknownWorkflow(WorkflowError):
    """No such workflow, version or trigger."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class UnknownExecution(WorkflowError):
    """No such execution."""

    def __init__(self, execution: str) -> None:
        super().__init__(f"there is no execution {execution}")
        self.execution = execution


class WrongState(WorkflowError):
    """The action does not fit the state that the thing is in."""

    def __init__(self, action: str, what: str, status: str) -> None:
        super().__init__(f"cannot {action} {what}: it is {status}")
        self.action, self.what, self.status = action, what, status


class UnknownCallback(WorkflowError):
    """No waiting run has this token, or it was used before."""

    def __init__(self) -> None:
        super().__init__("no run waits for this callback")
