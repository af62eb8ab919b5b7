"""When instances of processes are woken: by a delayed message while that reaches, by a schedule beyond."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.aws.process_wake import ProcessWakes, woken
from penstock.events import InvalidStreamId, StreamId
from penstock.json import dumps

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
INSTANCE = StreamId("acme", "process", "i-1")


class Told:
    """A queue and a scheduler that note what they are told."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.scheduled: list[Any] = []

    def send(self, url: str, body: Any, delay: int = 0) -> None:
        self.sent.append((url, body, delay))

    def once(self, name: str, time: datetime, queue: str, message: Any) -> None:
        self.scheduled.append((name, time, queue, message))


def wake(*seconds: float) -> Told:
    told = Told()
    wakes = ProcessWakes(told, "url", told, lambda: NOW)  # type: ignore[arg-type]
    for each in seconds:
        wakes.at(INSTANCE, NOW + timedelta(seconds=each))
    return told


@pytest.mark.parametrize(("seconds", "delay"), [(0.2, 1), (899.5, 900), (-5, 0)])
def test_what_is_near_is_a_message_that_waits_and_never_comes_early(seconds: float, delay: int) -> None:
    ((url, body, waits),) = wake(seconds).sent
    assert (url, waits) == ("url", delay)
    assert woken(dumps(body).decode()) == (INSTANCE, NOW + timedelta(seconds=seconds))


def test_what_is_far_is_one_schedule_a_time_to_the_same_consumer() -> None:
    told = wake(901, 901, 902)
    names = [name for name, *_ in told.scheduled]
    assert (told.sent, names[0] == names[1], names[0] == names[2]) == ([], True, False)
    assert {queue for _, _, queue, _ in told.scheduled} == {"process_steps"}
    assert max(map(len, names)) <= 64


def test_a_commits_nudge_wakes_for_no_time() -> None:
    assert woken('{"stream": "acme#process#i-1", "commit": 3}') == (INSTANCE, None)


@pytest.mark.parametrize(
    ("body", "error"), [("{", ValueError), ('{"due": "1"}', KeyError), ('{"stream": "x"}', InvalidStreamId)]
)
def test_what_names_no_instance_is_refused(body: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        woken(body)
