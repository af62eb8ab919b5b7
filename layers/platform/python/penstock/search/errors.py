"""What can go wrong in searching; the tree is drawn in `penstock.search`."""


class SearchError(Exception):
    """Root of the tree."""


class InvalidQuery(SearchError):
    """The query cannot be asked: `path` names the part of the request, `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class QueryTooSlow(SearchError):
    """The answer took longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the search took longer than {seconds:g} s: ask for something narrower")
        self.seconds = seconds


class IndexTooLarge(SearchError):
    """The tenant's index would be over the limit of one file; sizes in bytes."""

    def __init__(self, tenant: str, size: int, limit: int) -> None:
        super().__init__(
            f"the search index of {tenant} would have {size} bytes, over the limit of {limit}: "
            "move the tenant to OpenSearch Serverless"
        )
        self.tenant, self.size, self.limit = tenant, size, limit


class DamagedIndex(SearchError):
    """The index is not one that this code can read. `reason` quotes nothing of it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"search index {name}: {reason}")
        self.name, self.reason = name, reason


class IndexContended(SearchError):
    """Rivals were first, again and again."""

    def __init__(self, tenant: str, attempts: int) -> None:
        super().__init__(f"the search index of {tenant} was changed by others {attempts} times in a row")
        self.tenant, self.attempts = tenant, attempts
