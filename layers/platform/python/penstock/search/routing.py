"""Which index a tenant's documents are in: the embedded one, or another for those who have outgrown it."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.search.generations import tenant_of
from penstock.search.model import Batch, Query, Result, SearchIndex


@dataclass(frozen=True)
class RoutedIndex:
    """A SearchIndex of several: `others` by tenant, `usual` for the rest."""

    usual: SearchIndex
    others: Mapping[str, SearchIndex]

    def position(self, tenant: str) -> int | None:
        """See SearchIndex.position."""
        return self._of(tenant).position(tenant)

    def apply(self, tenant: str, batch: Batch) -> bool:
        """See SearchIndex.apply."""
        return self._of(tenant).apply(tenant, batch)

    def caught_up(self, tenant: str) -> None:
        """See SearchIndex.caught_up."""
        self._of(tenant).caught_up(tenant)

    def search(self, tenant: str, query: Query) -> Result:
        """See SearchIndex.search."""
        return self._of(tenant).search(tenant, query)

    def remove(self, tenant: str) -> None:
        """See SearchIndex.remove."""
        self._of(tenant).remove(tenant)

    def _of(self, tenant: str) -> SearchIndex:
        return self.others.get(tenant_of(tenant), self.usual)
