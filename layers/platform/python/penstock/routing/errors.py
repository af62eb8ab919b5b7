"""What can go wrong with routing; the tree is drawn in `penstock.routing`."""

from collections.abc import Sequence

from penstock.workflows.errors import Problem


class RoutingError(Exception):
    """Root of the tree."""


class InvalidPattern(RoutingError):
    """It is no pattern; `problems` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidWebhook(RoutingError):
    """Parts of the webhook do not hold; `problems` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class TooManyWebhooks(RoutingError):
    """The tenant has as many as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} webhooks already, and there may be no more")
        self.limit = limit


class UnknownWebhook(RoutingError):
    """There is none of that id, or it was deleted."""

    def __init__(self, webhook: str) -> None:
        super().__init__(f"there is no webhook {webhook}")
        self.webhook = webhook


class BrokenSeal(RoutingError):
    """A sealed secret does not open: it was sealed for something else, or somebody changed it."""

    def __init__(self, about: str) -> None:
        super().__init__(f"what is sealed for {about} does not open")
        self.about = about
