"""The errors of metrics; the tree is drawn in the package's docstring."""


class MetricsError(Exception):
    """Root of the tree."""


class TooMuch(MetricsError):
    """The span of time holds more than `limit` buckets: ask for a shorter one."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} buckets lie in that time: ask for less of it")
        self.limit = limit
