"""What every ViewStore and every CheckpointStore does."""

import base64
import json
import random
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.events import BadCursor, Position, StreamId, ViewTooLarge
from penstock.events.checkpoints import CheckpointStore
from penstock.events.views import Row, View, ViewStore
from penstock.json import JSONObject


def row(tenant: str, key: str, commit: int = 1, document: JSONObject | None = None, **parts: object) -> Row:
    shown = {"name": key} if document is None else document
    kept = Row("orders", StreamId(tenant, "order", key), Position(commit, commit * 2), 1, shown, {"": key})
    return replace(kept, **parts)  # type: ignore[arg-type]


def keep(views: ViewStore, kept: Row) -> Row:
    assert views.save(kept, replaces=views.load(kept.projection, kept.stream))
    return kept


def keys(views: ViewStore, tenant: str, *, limit: int = 50, **how: object) -> list[str]:
    """The whole listing, page by page."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = views.list(tenant, "orders", limit=limit, cursor=cursor, **how)  # type: ignore[arg-type]
        assert len(page.items) <= limit
        found += [view.key for view in page.items]
        cursor = page.cursor
        if cursor is None:
            return found
        assert page.items, "a cursor follows only a page that has items"


def test_a_row_comes_back_as_it_was(views: ViewStore, tenant: str) -> None:
    kept = row(tenant, "o-1", 3, {"n": 1.5, "list": [None, "ü"]}, index={"": "a", "status": "open x"})
    kept = keep(views, replace(kept, lookups=frozenset({("path", "/a b#c"), ("path", "")})))
    assert views.load("orders", kept.stream) == kept
    assert views.get(tenant, "orders", "o-1") == View("o-1", {"n": 1.5, "list": [None, "ü"]}, 6)


@pytest.mark.parametrize("key", ["missing", "not a key", "#", ""])
def test_what_is_not_there_is_none(views: ViewStore, tenant: str, key: str) -> None:
    assert views.get(tenant, "orders", key) is None
    assert list(views.lookup(tenant, "path", key)) == []


def test_a_row_that_replaces_another_than_the_kept_one_is_refused(views: ViewStore, tenant: str) -> None:
    first = keep(views, row(tenant, "o-1", 1))
    second = keep(views, row(tenant, "o-1", 2))
    for wrong in (None, first, replace(second, revision=0), replace(second, position=Position(9, 9))):
        assert not views.save(row(tenant, "o-1", 3, {"name": "rival"}), replaces=wrong)
    assert views.get(tenant, "orders", "o-1") == View("o-1", {"name": "o-1"}, 4)


def test_a_document_is_not_shared_with_its_reader(views: ViewStore, tenant: str) -> None:
    keep(views, row(tenant, "o-1", document={"list": [1]}))
    view = views.get(tenant, "orders", "o-1")
    assert view is not None
    view.document["list"].append(2)
    assert views.get(tenant, "orders", "o-1") == View("o-1", {"list": [1]}, 2)


def test_a_row_without_a_document_is_shown_nowhere_and_keeps_its_place(views: ViewStore, tenant: str) -> None:
    keep(views, row(tenant, "o-1", lookups=frozenset({("path", "/x")}), index={"": "a", "status": "open"}))
    gone = keep(views, replace(row(tenant, "o-1", 2), document=None, index={}))
    assert views.get(tenant, "orders", "o-1") is None
    assert keys(views, tenant) == keys(views, tenant, index="status") == list(views.lookup(tenant, "path", "/x")) == []
    assert views.load("orders", gone.stream) == gone


def test_a_document_over_the_limit_is_refused(views: ViewStore, tenant: str) -> None:
    with pytest.raises(ViewTooLarge):
        views.save(row(tenant, "o-1", document={"noise": random.Random(1).randbytes(400_000).hex()}), replaces=None)
    assert views.get(tenant, "orders", "o-1") is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_listing_is_paged_in_order_without_loss(
    views: ViewStore, tenant: str, limit: int, newest_first: bool
) -> None:
    for key in ("b", "a", "d", "c", "f", "e", "g"):
        keep(views, row(tenant, key))
    assert keys(views, tenant, limit=limit, newest_first=newest_first) == sorted("abcdefg", reverse=newest_first)


def test_rows_that_sort_alike_are_paged_by_their_keys(views: ViewStore, tenant: str) -> None:
    for key in "cab":
        keep(views, row(tenant, key, index={"": "same"}))
    assert keys(views, tenant, limit=1, newest_first=False) == ["a", "b", "c"]


def test_more_than_a_hundred_rows_are_listed(views: ViewStore, tenant: str) -> None:
    names = [f"{n:03}" for n in range(120)]
    for key in names:
        keep(views, row(tenant, key))
    assert keys(views, tenant, limit=100, newest_first=False) == names


def test_an_index_filters_by_prefix(views: ViewStore, tenant: str) -> None:
    for key, text in {"1": "open 5", "2": "opened 1", "3": "done 9", "4": "open 4", "5": "open 6"}.items():
        keep(views, row(tenant, key, index={"": key, "status": text}))
    assert keys(views, tenant, index="status", prefix="open ", limit=2) == ["5", "1", "4"]
    assert keys(views, tenant, index="status", prefix="open ", newest_first=False) == ["4", "1", "5"]
    assert keys(views, tenant, index="status", prefix="none") == []
    assert keys(views, tenant, prefix="3") == ["3"]


def test_a_text_too_long_for_an_index_sorts_by_its_beginning(views: ViewStore, tenant: str) -> None:
    for key in "ab":
        keep(views, row(tenant, key, index={"": "ü" * 2000 + key, "name": key + "☃" * 2000}))
    assert (
        keys(views, tenant, newest_first=False) == keys(views, tenant, index="name", newest_first=False) == ["a", "b"]
    )


def test_a_document_moves_in_its_indexes(views: ViewStore, tenant: str) -> None:
    for commit, status in enumerate(["open", "waiting", "open", "done"], 1):
        keep(views, row(tenant, "o-1", commit, index={"": str(commit), "status": f"{status} {commit % 2}"}))
        listed = {each: keys(views, tenant, index="status", prefix=each) for each in ("open", "waiting", "done")}
        assert listed == {"open": [], "waiting": [], "done": [], status: ["o-1"]}
    assert keys(views, tenant) == ["o-1"]


def test_a_lookup_finds_every_document_that_answers_to_a_key(views: ViewStore, tenant: str) -> None:
    for key, paths in {"w-2": ["/lab", "/x"], "w-1": ["/lab"], "w-3": ["/y"]}.items():
        keep(views, row(tenant, key, lookups=frozenset(("path", path) for path in paths)))
    assert list(views.lookup(tenant, "path", "/lab")) == ["w-1", "w-2"]
    keep(views, row(tenant, "w-2", 2, lookups=frozenset({("path", "/x" * 3000)})))
    assert list(views.lookup(tenant, "path", "/lab")) == ["w-1"]
    assert list(views.lookup(tenant, "path", "/x" * 3000)) == ["w-2"]
    assert list(views.lookup(tenant, "name", "/lab")) == []


def test_tenants_and_projections_are_apart(views: ViewStore, tenant: str) -> None:
    other = f"{tenant}x"
    keep(views, row(tenant, "o-1", lookups=frozenset({("path", "/x")}), index={"": "a", "status": "open"}))
    assert views.get(other, "orders", "o-1") is None
    assert views.get(tenant, "invoices", "o-1") is None
    assert keys(views, other) == keys(views, other, index="status") == list(views.lookup(other, "path", "/x")) == []


def test_a_cursor_continues_only_the_listing_it_came_from(views: ViewStore, tenant: str) -> None:
    for key in "ab":
        for owner in (tenant, f"{tenant}x"):
            keep(views, row(owner, key, index={"": key, "status": key}))
    cursor = views.list(tenant, "orders", limit=1).cursor
    assert cursor is not None
    assert base64.urlsafe_b64encode(base64.urlsafe_b64decode(cursor + "==")).decode().rstrip("=") == cursor
    for owner, how in ((f"{tenant}x", {}), (tenant, {"index": "status"}), (tenant, {"newest_first": False})):
        with pytest.raises(BadCursor):
            views.list(owner, "orders", limit=1, cursor=cursor, **how)  # type: ignore[arg-type]
    with pytest.raises(BadCursor):
        views.list(tenant, "orders", prefix="a", cursor=cursor)


def test_a_cursor_outside_its_listing_is_bad(views: ViewStore, tenant: str) -> None:
    for key in ("aa", "ab"):
        keep(views, row(tenant, key))
    cursor = views.list(tenant, "orders", prefix="a", limit=1).cursor
    assert cursor is not None
    digest, _ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([digest, "z\x1fz"]).encode()).decode()
    with pytest.raises(BadCursor):
        views.list(tenant, "orders", prefix="a", cursor=forged)


@given(cursor=st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cursor_that_nobody_made_is_bad(views: ViewStore, tenant: str, cursor: str) -> None:
    with pytest.raises(BadCursor):
        views.list(tenant, "orders", cursor=cursor)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 101}, {"limit": -1}, {"prefix": "x" * 201}])
def test_a_request_out_of_range_is_refused(views: ViewStore, tenant: str, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        views.list(tenant, "orders", **wrong)  # type: ignore[arg-type]


def test_a_cursor_outlives_the_row_it_points_at(views: ViewStore, tenant: str) -> None:
    for key in "abc":
        keep(views, row(tenant, key))
    cursor = views.list(tenant, "orders", limit=1, newest_first=False).cursor
    keep(views, replace(row(tenant, "a", 2), document=None, index={}))
    page = views.list(tenant, "orders", newest_first=False, cursor=cursor)
    assert [view.key for view in page.items] == ["b", "c"]


def test_a_checkpoint_starts_at_zero_and_never_goes_back(checkpoints: CheckpointStore, tenant: str) -> None:
    stream = StreamId(tenant, "order", uuid4().hex)
    assert checkpoints.load("publisher", stream) == 0
    for commit in (3, 5, 4):
        checkpoints.advance("publisher", stream, commit)
    assert checkpoints.load("publisher", stream) == 5
    assert checkpoints.load("archiver", stream) == checkpoints.load("publisher", StreamId(tenant, "order", "2")) == 0


def test_a_row_that_is_removed_is_found_nowhere(views: ViewStore, tenant: str) -> None:
    found_by = {"lookups": frozenset({("path", "/x")}), "index": {"": "a", "status": "open"}}
    gone, stays = keep(views, row(tenant, "o-1", **found_by)), keep(views, row(tenant, "o-2", **found_by))
    views.remove(gone)
    assert views.load("orders", gone.stream) is None
    assert keys(views, tenant) == keys(views, tenant, index="status") == list(views.lookup(tenant, "path", "/x"))
    assert keys(views, tenant) == [stays.stream.key]


def test_a_row_that_has_moved_on_is_not_removed(views: ViewStore, tenant: str) -> None:
    first = keep(views, row(tenant, "o-1", 1))
    second = keep(views, row(tenant, "o-1", 2))
    views.remove(first)
    assert views.load("orders", second.stream) == second


def test_a_lookup_can_be_kept_to_some_projections(views: ViewStore, tenant: str) -> None:
    keep(views, row(tenant, "o-1", lookups=frozenset({("path", "/x")})))
    keep(views, replace(row(tenant, "o-1", lookups=frozenset({("path", "/x")})), projection="orders@2"))
    assert list(views.lookup(tenant, "path", "/x")) == ["o-1"]
    assert list(views.lookup(tenant, "path", "/x", lambda name: name == "orders@2")) == ["o-1"]
    assert list(views.lookup(tenant, "path", "/x", lambda name: name == "others")) == []
