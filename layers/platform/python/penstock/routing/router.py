"""From an event of the bus to the deliveries that it calls for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from penstock.events import StreamId
from penstock.events.views import LARGEST_PAGE, ViewStore
from penstock.json import JSONObject
from penstock.routing.delivery import Delivery
from penstock.routing.patterns import compiled
from penstock.routing.webhook import Status


@dataclass(frozen=True)
class Router:
    """Finds the webhooks whose pattern an event meets; one serves one batch, and looks each tenant's up once."""

    views: ViewStore
    _patterns: dict[str, Sequence[tuple[str, JSONObject]]] = field(default_factory=dict)

    def route(self, event: JSONObject) -> Sequence[Delivery]:
        """A delivery for each webhook that wants the event, which is as the bus carries it.

        Raises KeyError, TypeError, InvalidStreamId when it is none.
        """
        stream, version = StreamId.parse(event["stream"]), int(event["version"])
        wanting = [webhook for webhook, pattern in self._enabled(stream.tenant) if compiled(pattern)(event)]
        return [Delivery(webhook, stream, version) for webhook in wanting]

    def _enabled(self, tenant: str) -> Sequence[tuple[str, JSONObject]]:
        if tenant not in self._patterns:
            self._patterns[tenant] = list(self._read(tenant))
        return self._patterns[tenant]

    def _read(self, tenant: str) -> Sequence[tuple[str, JSONObject]]:
        found: list[tuple[str, JSONObject]] = []
        cursor: str | None = None
        while True:
            page = self.views.list(
                tenant, "webhooks", index="status", prefix=f"{Status.ENABLED} ", limit=LARGEST_PAGE, cursor=cursor
            )
            found += [(view.key, view.document["pattern"]) for view in page.items]
            cursor = page.cursor
            if cursor is None:
                return found
