"""EventBridge takes a request apart; the bus sees to the rest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.aws.bus import EventBridgeBus
from penstock.aws.errors import Unavailable
from penstock.events.publishing import Message

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class EventBridge:
    """Refuses the entries named, as many times as told."""

    def __init__(self, refusals: dict[str, int] | None = None) -> None:
        self.refusals = refusals or {}
        self.taken: list[str] = []
        self.entries: list[Any] = []

    def put_events(self, **request: Any) -> Any:
        return {"Entries": [self._take(entry) for entry in request["Entries"]]}

    def _take(self, entry: Any) -> Any:
        if self.refusals.get(entry["Detail"], 0) > 0:
            self.refusals[entry["Detail"]] -= 1
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        self.entries.append(entry)
        self.taken.append(entry["Detail"])
        return {"EventId": "e"}


def messages(count: int) -> list[Message]:
    return [Message("Noted", NOW, b"%d" % n) for n in range(count)]


def test_an_entry_names_source_type_time_and_bus() -> None:
    bridge = EventBridge()
    EventBridgeBus(bridge, "bus").put(messages(1))  # type: ignore[arg-type]
    expected = {"Source": "penstock", "DetailType": "Noted", "Detail": "0", "Time": NOW, "EventBusName": "bus"}
    assert bridge.entries == [expected]


def test_refused_entries_are_sent_again_before_later_ones() -> None:
    bridge = EventBridge({"3": 2, "7": 1})
    EventBridgeBus(bridge, "bus").put(messages(25))  # type: ignore[arg-type]
    assert sorted(map(int, bridge.taken)) == list(range(25))
    assert bridge.taken.index("3") < bridge.taken.index("10")


def test_an_entry_that_is_refused_for_good_is_not_passed_over() -> None:
    bridge = EventBridge({"3": 99})
    with pytest.raises(Unavailable):
        EventBridgeBus(bridge, "bus").put(messages(25))  # type: ignore[arg-type]
    assert "10" not in bridge.taken
