"""The generations of a tenant's index: each goes by a name of its own, where an index goes by its tenant.

The first is named as the tenant is, the others `acme#2`: no tenant's name holds a `#`, so none reaches another's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from penstock.search.model import Batch, Query, Result, SearchIndex

_MARK = "#"


def index_of(tenant: str, generation: int) -> str:
    """What stands for the tenant where a generation of its index is named."""
    return tenant if generation == 1 else f"{tenant}{_MARK}{generation}"


def tenant_of(name: str) -> str:
    """Whose index it is."""
    return name.partition(_MARK)[0]


@dataclass(frozen=True)
class GenerationIndex:
    """A SearchIndex of the generation that `generation_of` tells for each tenant."""

    index: SearchIndex
    generation_of: Callable[[str], int]

    def position(self, tenant: str) -> int | None:
        """See SearchIndex.position."""
        return self.index.position(self._name(tenant))

    def apply(self, tenant: str, batch: Batch) -> bool:
        """See SearchIndex.apply."""
        return self.index.apply(self._name(tenant), batch)

    def caught_up(self, tenant: str) -> None:
        """See SearchIndex.caught_up."""
        self.index.caught_up(self._name(tenant))

    def search(self, tenant: str, query: Query) -> Result:
        """See SearchIndex.search."""
        return self.index.search(self._name(tenant), query)

    def remove(self, tenant: str) -> None:
        """See SearchIndex.remove."""
        self.index.remove(self._name(tenant))

    def _name(self, tenant: str) -> str:
        return index_of(tenant, self.generation_of(tenant))
