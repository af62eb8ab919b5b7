"""What can go wrong with sagas; the tree is drawn in `penstock.sagas`."""

from collections.abc import Sequence

from penstock.json import JSONObject
from penstock.workflows.errors import Problem


class SagaError(Exception):
    """Root of the tree."""


class InvalidSaga(SagaError):
    """The definition cannot run; `problems` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidInput(SagaError):
    """A run cannot start with that; `problems` holds all that does not fit."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class UnknownSaga(SagaError):
    """No such saga, or no such run of one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no {what}")
        self.what = what


class MachineMissing(SagaError):
    """The state machine of an own saga is not there, or not yet: what was asked for has to be asked for again."""

    def __init__(self, saga: str, version: int | None) -> None:
        super().__init__(f"version {version} of saga {saga} has no state machine yet")
        self.saga, self.version = saga, version


class NotResumable(SagaError):
    """The run does not wait for a person, or not for this step."""

    def __init__(self, saga: str, status: str, reason: str) -> None:
        super().__init__(f"saga {saga} is {status}: {reason}")
        self.saga, self.status, self.reason = saga, status, reason


class StepFailure(SagaError):
    """An attempt failed. `error` is what the stream keeps of it: its kind, and a sentence."""

    def __init__(self, step: str, error: JSONObject) -> None:
        super().__init__(f"{step}: {error['type']}")
        self.step, self.error = step, error
