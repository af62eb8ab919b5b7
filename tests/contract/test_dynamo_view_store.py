"""What DynamoDB makes possible and memory does not: a crash, or a rival, between the writes of one save."""

from typing import Any

import pytest

from penstock.aws.view_items import GSIS
from penstock.aws.view_store import DynamoViewStore
from penstock.events import Position, StreamId
from penstock.events.views import Row

STREAM = StreamId("t", "order", "o-1")


class Crash(Exception):
    pass


class Crashing:
    """A client that does `writes` writes and then raises instead."""

    def __init__(self, client: Any, writes: int) -> None:
        self._client, self.left = client, writes

    def __getattr__(self, name: str) -> Any:
        if name in ("put_item", "delete_item"):
            self.left -= 1
            if self.left < 0:
                raise Crash
        return getattr(self._client, name)


def row(commit: int, status: str) -> Row:
    index = {"": "a", "status": status, "name": f"{status} again"}
    document = {"status": status}
    return Row(
        "orders",
        STREAM,
        Position(commit, commit),
        1,
        document,
        index,
        frozenset({("path", f"/{status}"), ("old path", f"/{status}")}),
    )


def seen(client: Any, status: str) -> bool:
    """Whether every way to find the document by a status finds it; all agree, or the test fails."""
    views = DynamoViewStore(client, "views")
    ways = {
        bool(views.list("t", "orders", index="status", prefix=status).items),
        bool(views.list("t", "orders", index="name", prefix=status).items),
        bool(views.lookup("t", "path", f"/{status}")),
        bool(views.lookup("t", "old path", f"/{status}")),
    }
    assert len(ways) == 1
    return ways.pop()


@pytest.mark.parametrize("writes", range(6))
def test_a_crash_between_the_writes_of_a_save_shows_the_old_or_the_new(dynamodb: Any, writes: int) -> None:
    views = DynamoViewStore(dynamodb, "views")
    old, new = row(1, "open"), row(2, "done")
    assert views.save(old, replaces=None)
    crashing = Crashing(dynamodb, writes)
    try:
        DynamoViewStore(crashing, "views").save(new, replaces=old)
    except Crash:
        assert crashing.left < 0
    assert (seen(dynamodb, "open"), seen(dynamodb, "done")) in [(True, False), (False, True)]
    kept = views.load("orders", STREAM)
    final = row(3, "open")
    assert views.save(final, replaces=kept)
    assert (seen(dynamodb, "open"), seen(dynamodb, "done")) == (True, False)


@pytest.mark.parametrize("writes", range(1, 5))
def test_a_rival_that_overtakes_a_slow_save_is_not_undone_by_it(dynamodb: Any, writes: int) -> None:
    """The slow one stops after some writes, the rival saves two rows, the slow one goes on."""
    views = DynamoViewStore(dynamodb, "views")
    old, slow = row(1, "open"), row(2, "waiting")
    assert views.save(old, replaces=None)

    class Overtaken(Crashing):
        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except Crash:
                self.left = 1000
                kept = views.load("orders", STREAM)
                for rival in (row(3, "waiting"), row(4, "open")):
                    assert views.save(rival, replaces=kept)
                    kept = rival
                return getattr(self._client, name)

    DynamoViewStore(Overtaken(dynamodb, writes), "views").save(slow, replaces=old)
    assert (seen(dynamodb, "open"), seen(dynamodb, "waiting")) == (True, False)
    assert views.load("orders", STREAM) == row(4, "open")


def test_a_row_without_lookups_is_saved_by_one_write(dynamodb: Any) -> None:
    client = Crashing(dynamodb, 1)
    plain = Row("orders", STREAM, Position(1, 1), 1, {}, {"": "a", "status": "open", "name": "b"})
    assert DynamoViewStore(client, "views").save(plain, replaces=None)
    assert client.left == 0


def test_two_indexes_of_a_row_that_meet_on_one_of_the_tables_are_refused(dynamodb: Any) -> None:
    names = [f"i{number}" for number in range(len(GSIS))]
    crowded = Row("orders", STREAM, Position(1, 1), 1, {}, dict.fromkeys(names, "a"))
    with pytest.raises(ValueError, match=r"projection orders: index .* meets another on by_index"):
        DynamoViewStore(dynamodb, "views").save(crowded, replaces=None)
    assert DynamoViewStore(dynamodb, "views").load("orders", STREAM) is None
