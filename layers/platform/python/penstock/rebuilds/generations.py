"""Which rows readers see and projectors write.

A generation's rows are kept under a name of their own: `executions`, then `executions@2`. What is known of a standing
is believed for LONGEST_MEMORY seconds: so long after a start, some projector may not write the new generation, and so
long after a switch, some reader may read the old one. The work allows for both.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from penstock.events.model import StreamId
from penstock.events.store import EventStore
from penstock.events.views import DEFAULT_INDEX, Among, Page, Row, View, ViewStore, everything
from penstock.rebuilds.standing import AGGREGATE, Standing, load

LONGEST_MEMORY = 5.0
_MOST_REMEMBERED = 10_000
_MARK = "@"


def stored_name(projection: str, generation: int) -> str:
    """The name under which a generation's rows are kept."""
    return projection if generation == 1 else f"{projection}{_MARK}{generation}"


@dataclass(frozen=True)
class Generations:
    """The standings of every tenant's projections. `now` counts seconds, from anywhere."""

    store: EventStore
    now: Callable[[], float] = time.monotonic
    _known: dict[StreamId, tuple[float, Standing]] = field(default_factory=dict)

    def live(self, tenant: str, projection: str) -> str:
        """The stored name that readers read."""
        return stored_name(projection, self.live_generation(tenant, projection))

    def live_generation(self, tenant: str, projection: str) -> int:
        """The generation that readers read."""
        return self._standing(tenant, projection).live

    def kept_up(self, tenant: str, projection: str) -> Sequence[str]:
        """The stored names that the projector writes."""
        return [stored_name(projection, each) for each in self._standing(tenant, projection).kept_up]

    def is_out_of_use(self, tenant: str, projection: str, generation: int) -> bool:
        """Whether a generation is known to be neither live nor in the making; one that is not heard of yet is not."""
        standing = self._standing(tenant, projection)
        return standing.newest >= generation and generation not in standing.kept_up

    def is_live(self, tenant: str, stored: str) -> bool:
        """Whether readers see the rows of a stored name."""
        return self.live(tenant, stored.split(_MARK, maxsplit=1)[0]) == stored

    def _standing(self, tenant: str, projection: str) -> Standing:
        stream = AGGREGATE.stream(tenant, projection)
        found = self._known.get(stream)
        if found is None or self.now() - found[0] > LONGEST_MEMORY:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            found = self._known[stream] = (self.now(), load(self.store, stream))
        return found[1]


@dataclass(frozen=True)
class LiveViews:
    """A ViewStore of the live generations; a row is saved and removed under the name that it has."""

    rows: ViewStore
    generations: Generations

    def load(self, projection: str, stream: StreamId) -> Row | None:
        """See ViewStore.load."""
        return self.rows.load(self.generations.live(stream.tenant, projection), stream)

    def save(self, row: Row, replaces: Row | None) -> bool:
        """See ViewStore.save."""
        return self.rows.save(row, replaces)

    def remove(self, row: Row) -> None:
        """See ViewStore.remove."""
        self.rows.remove(row)

    def get(self, tenant: str, projection: str, key: str) -> View | None:
        """See ViewStore.get."""
        return self.rows.get(tenant, self.generations.live(tenant, projection), key)

    def list(
        self,
        tenant: str,
        projection: str,
        *,
        index: str = DEFAULT_INDEX,
        prefix: str = "",
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """See ViewStore.list. A cursor does not outlive a switch: it then raises BadCursor."""
        return self.rows.list(
            tenant,
            self.generations.live(tenant, projection),
            index=index,
            prefix=prefix,
            newest_first=newest_first,
            limit=limit,
            cursor=cursor,
        )

    def lookup(self, tenant: str, name: str, key: str, among: Among = everything) -> Sequence[str]:
        """See ViewStore.lookup."""

        def live(stored: str) -> bool:
            return among(stored) and self.generations.is_live(tenant, stored)

        return self.rows.lookup(tenant, name, key, live)
