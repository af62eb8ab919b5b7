"""What can go wrong with rebuilds; the tree is drawn in `penstock.rebuilds`."""


class RebuildError(Exception):
    """Root of the tree. `projection` is the name."""

    def __init__(self, projection: str, reason: str) -> None:
        super().__init__(f"projection {projection} {reason}")
        self.projection = projection


class UnknownProjection(RebuildError):
    """No projection of that name."""

    def __init__(self, projection: str) -> None:
        super().__init__(projection, "is not there")


class RebuildRunning(RebuildError):
    """It is being rebuilt already."""

    def __init__(self, projection: str) -> None:
        super().__init__(projection, "is being rebuilt already: wait for it, or abandon it")


class NoRebuild(RebuildError):
    """It is not being rebuilt."""

    def __init__(self, projection: str) -> None:
        super().__init__(projection, "is not being rebuilt")
