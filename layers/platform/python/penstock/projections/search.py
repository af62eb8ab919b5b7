"""The search index, as a read model that is listed and rebuilt with the others."""

from penstock.rebuilds.followed import Followed


def _edition() -> int:
    """What is searchable is imported only where it is asked for."""
    from penstock.search.searchable import edition

    return edition()


SEARCH = Followed("search", "search", _edition)
