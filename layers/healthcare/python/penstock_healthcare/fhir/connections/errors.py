"""What can go wrong with connections; the tree is drawn in `penstock_healthcare.fhir.connections`."""


class ConnectionsError(Exception):
    """Root of the tree."""


class UnknownConnection(ConnectionsError):
    """No such connection."""

    def __init__(self, connection: str) -> None:
        super().__init__(f"there is no FHIR connection {connection[:64]}")
        self.connection = connection


class TooManyConnections(ConnectionsError):
    """The tenant has as many as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} FHIR connections already, and there may be no more")
        self.limit = limit


class DatastoreNotAllowed(ConnectionsError):
    """The operator does not, or no longer, let the tenant sign for the connection's data store."""

    def __init__(self, connection: str) -> None:
        super().__init__(f"the operator does not let this tenant use the data store of {connection[:64]}")
        self.connection = connection


class InvalidConnection(ConnectionsError):
    """`path` says which part of the connection does not hold."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason
