"""What every SearchIndex does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from penstock.aws.opensearch import OpenSearchIndex
from penstock.aws.search_client import OpenSearch
from penstock.search import Batch, Document, InvalidQuery, Query, Result, SearchIndex
from penstock.search.generations import GenerationIndex
from penstock.search.routing import RoutedIndex
from penstock.search.stored import StoredIndex
from penstock.search.storing import MemoryIndexStore
from tests.contract.opensearch import FakeOpenSearch

NODE_TYPE = Document(
    "node_type:core.set", "node_type", "Set fields", "core.set Write fields", "/v1/node-types/core.set"
)
HOUR = 3_600_000
Make = Callable[[int], SearchIndex]


@dataclass(frozen=True)
class Indexes:
    """Makes an index over one storage, as code of an edition does; each one is another process."""

    make: Make


def _stored(folder: Path) -> Indexes:
    store, numbers = MemoryIndexStore(), count()
    return Indexes(
        lambda edition: StoredIndex(store, folder / str(next(numbers)), edition, lambda: [NODE_TYPE], fresh_for=0)
    )


def _opensearch(_: Path) -> Indexes:
    store, server = MemoryIndexStore(), FakeOpenSearch()
    client = OpenSearch("https://collection.test", None, server.transport)
    return Indexes(lambda edition: OpenSearchIndex(client, store, edition, lambda: [NODE_TYPE], fresh_for=0))


def _routed(folder: Path) -> Indexes:
    usual, other = _stored(folder), _opensearch(folder)
    return Indexes(lambda edition: RoutedIndex(usual.make(edition), {"acme": other.make(edition)}))


INDEXES: Mapping[str, Callable[[Path], Indexes]] = {"stored": _stored, "opensearch": _opensearch, "routed": _routed}


@pytest.fixture(params=INDEXES)
def indexes(request: pytest.FixtureRequest, tmp_path: Path) -> Indexes:
    return INDEXES[request.param](tmp_path)


@pytest.fixture
def index(indexes: Indexes) -> SearchIndex:
    return indexes.make(1)


def document(number: int, title: str, body: str = "", kind: str = "workflow", **fields: str) -> Document:
    values = {name: value.split(",") for name, value in fields.items()}
    return Document(f"{kind}:{number}", kind, title, body, f"/v1/{kind}s/{number}", number * HOUR, values)


LAB = document(1, "Lab results to FHIR", "Receives ORU^R01 from the laboratory", status="published", node="parse,map")
PAY = document(2, "Payment screening", "Checks names; see also lab results", status="draft", node="screen")
BOOM = document(3, "UnknownPatient in map", "no such patient: Müller", "error", status="failed", workflow="1")
ALL = (LAB, PAY, BOOM)


def fill(index: SearchIndex, *documents: Document, tenant: str = "acme") -> None:
    """Each document from a source of its own."""
    after = index.position(tenant)
    assert after is not None
    assert index.apply(tenant, Batch(after, after + 1, {each.id: [each] for each in documents}))


def found(index: SearchIndex, text: str = "", tenant: str = "acme", **more: Sequence[str]) -> list[str]:
    filters = {name: frozenset(values) for name, values in more.items()}
    return [hit.id for hit in index.search(tenant, Query(text, filters)).hits]


def ask(index: SearchIndex, text: str, *facets: str, **page: int) -> Result:
    return index.search("acme", Query(text, facets=facets, **page))


def test_a_new_index_stands_before_the_first_entry(index: SearchIndex) -> None:
    assert index.position("acme") == 0


def test_a_batch_moves_the_index_to_its_position(index: SearchIndex) -> None:
    assert index.apply("acme", Batch(0, 7, {LAB.id: [LAB]}))
    assert index.position("acme") == 7
    assert ask(index, "lab").position == 7
    assert index.position("other") == 0


def test_a_batch_that_does_not_follow_changes_nothing(index: SearchIndex) -> None:
    fill(index, LAB)
    for stale in (Batch(0, 1, {PAY.id: [PAY]}), Batch(5, 6, {PAY.id: [PAY]})):
        assert not index.apply("acme", stale)
    assert index.position("acme") == 1
    assert found(index, "payment") == []


def test_of_two_writers_one_is_first(indexes: Indexes) -> None:
    one, other = indexes.make(1), indexes.make(1)
    assert (one.position("acme"), other.position("acme")) == (0, 0)
    assert one.apply("acme", Batch(0, 1, {LAB.id: [LAB]}))
    assert not other.apply("acme", Batch(0, 1, {PAY.id: [PAY]}))
    assert other.position("acme") == 1
    assert other.apply("acme", Batch(1, 2, {PAY.id: [PAY]}))
    assert found(one, "lab") == [LAB.id, PAY.id]


def test_a_document_is_replaced_by_its_source_and_taken_away(index: SearchIndex) -> None:
    fill(index, LAB, PAY)
    assert index.apply("acme", Batch(1, 2, {LAB.id: [document(1, "Radiology reports", node="read")]}))
    assert found(index, "laboratory") == []
    assert found(index, "radiology") == [LAB.id]
    assert found(index, node=["parse"]) == []
    assert index.apply("acme", Batch(2, 3, {LAB.id: []}))
    assert found(index, "radiology") == []
    assert found(index, "payment") == [PAY.id]


def test_a_source_may_have_several_documents(index: SearchIndex) -> None:
    assert index.apply("acme", Batch(0, 1, {"execution": [LAB, BOOM]}))
    assert index.apply("acme", Batch(1, 2, {"execution": [LAB]}))
    assert found(index, type=["workflow", "error"]) == [LAB.id]


def test_a_tenant_finds_nothing_of_another(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "lab", tenant="other") == []
    assert found(index, type=["workflow", "error"], tenant="other") == []


def test_tenants_of_names_that_look_like_file_names_are_not_mixed_up(indexes: Indexes) -> None:
    tenants = ("x", "x.next", "x.sqlite.zst", "../x", "indexes/x", "X")
    for edition in (1, 2):
        for number, tenant in enumerate(tenants):
            made = indexes.make(edition)
            batch = Batch(0, 1, {"a": [document(number, f"Mine{chr(97 + number)}")]})
            assert made.position(tenant) == 0
            assert made.apply(tenant, batch)
    for number, tenant in enumerate(tenants):
        indexes.make(2).caught_up(tenant)
        assert found(indexes.make(2), type=["workflow"], tenant=tenant) == [f"workflow:{number}"]


def test_what_no_stream_tells_is_found_by_every_tenant(index: SearchIndex) -> None:
    assert found(index, "set", tenant="nobody-yet") == [NODE_TYPE.id]
    fill(index, LAB)
    assert found(index, "core.set") == [NODE_TYPE.id]


def test_a_title_beats_a_body(index: SearchIndex) -> None:
    fill(index, PAY, LAB)
    assert found(index, "lab results") == [LAB.id, PAY.id]


def test_the_beginning_of_a_word_finds_it_and_the_whole_word_comes_first(index: SearchIndex) -> None:
    fill(index, document(1, "Patients"), document(2, "Patient"), document(3, "Other"))
    assert found(index, "pat") != []
    assert set(found(index, "pat")) == {"workflow:1", "workflow:2"}
    assert found(index, "patient") == ["workflow:2", "workflow:1"]


def test_all_words_must_be_there(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "lab names") == [PAY.id]


def test_a_phrase_stands_together(index: SearchIndex) -> None:
    fill(index, document(1, "Lab results"), document(2, "Results of the lab"))
    assert found(index, '"lab results"') == ["workflow:1"]
    assert set(found(index, "lab results")) == {"workflow:1", "workflow:2"}


def test_what_is_excluded_is_not_found(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "lab -payment") == [LAB.id]
    assert found(index, 'type:workflow -"lab results"') == []
    assert found(index, "type:workflow -status:draft") == [LAB.id]


def test_filters_hold_whatever_their_case(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "status:failed") == [BOOM.id]
    assert found(index, "lab", status=["DRAFT"]) == [PAY.id]
    assert found(index, "lab status:draft status:published") == [LAB.id, PAY.id]
    assert found(index, "lab status:draft", status=["published"]) == []
    assert found(index, "day:1970-01-01", type=["workflow"]) == [PAY.id, LAB.id]


def test_diacritics_do_not_matter(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "muller") == found(index, "MÜLLER") == found(index, "mu\u0308ller") == [BOOM.id]


def test_words_within_identifiers_are_found(index: SearchIndex) -> None:
    fill(index, *ALL)
    assert found(index, "unknown patient") == found(index, "unknownpatient") == [BOOM.id]
    assert found(index, "ORU^R01") == [LAB.id]


def test_a_slip_of_the_finger_is_forgiven_and_said(index: SearchIndex) -> None:
    fill(index, *ALL)
    result = ask(index, "pateint")
    assert [hit.id for hit in result.hits] == [BOOM.id]
    assert list(result.corrected) == ["pateint"]
    assert "patient" in result.corrected["pateint"]
    assert ask(index, "patient").corrected == {}


def test_facets_count_all_that_was_found(index: SearchIndex) -> None:
    fill(index, *ALL, document(4, "Lab orders", status="draft", node="map"))
    result = ask(index, "lab", "status", "node", "wing", limit=1)
    assert (len(result.hits), result.total) == (1, 3)
    assert list(result.facets["status"]) == [("draft", 2), ("published", 1)]
    assert list(result.facets["node"]) == [("map", 2), ("parse", 1), ("screen", 1)]
    assert list(result.facets["wing"]) == []


def test_matches_are_marked_in_plain_parts(index: SearchIndex) -> None:
    fill(index, document(1, "Lab <b>results</b>", "all <script>lab</script> work"))
    (hit,) = ask(index, "lab").hits
    assert list(map(tuple, hit.title)) == [("Lab", True), (" <b>results</b>", False)]
    assert "".join(text for text, _ in hit.body) == "all <script>lab</script> work"
    assert [text for text, is_match in hit.body if is_match] == ["lab"]


def test_a_long_body_is_cut_around_the_match(index: SearchIndex) -> None:
    fill(index, document(1, "Long", "before " * 300 + "needle" + " after" * 300))
    (hit,) = ask(index, "needle").hits
    text = "".join(text for text, _ in hit.body)
    assert "before needle after" in text
    assert len(text) < 400


def test_text_that_looks_like_marks_marks_nothing(index: SearchIndex) -> None:
    fill(index, document(1, "\ue000Lab\ue001 orders", "\ue001a\ue000"))
    (hit,) = ask(index, "orders").hits
    assert [text for text, is_match in hit.title if is_match] == ["orders"]


def test_a_hit_tells_what_it_is_and_where(index: SearchIndex) -> None:
    fill(index, LAB)
    (hit,) = ask(index, "laboratory").hits
    assert (hit.id, hit.type, hit.url, hit.time) == (LAB.id, "workflow", "/v1/workflows/1", HOUR)
    assert {name: list(values) for name, values in hit.fields.items()} == {
        "type": ["workflow"],
        "day": ["1970-01-01"],
        "status": ["published"],
        "node": ["map", "parse"],
    }
    assert hit.score > 0


def test_without_words_the_newest_come_first_page_by_page(index: SearchIndex) -> None:
    fill(index, *(document(number, f"Flow {number}") for number in range(1, 8)))
    pages = [ask(index, "type:workflow", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [hit.id for page in pages for hit in page.hits] == [f"workflow:{number}" for number in range(7, 0, -1)]
    assert [page.total for page in pages] == [7, 7, 7]


def test_of_equals_the_newest_comes_first(index: SearchIndex) -> None:
    fill(index, *(document(number, "Same", "words") for number in (2, 3, 1)))
    assert found(index, "same") == ["workflow:3", "workflow:2", "workflow:1"]


@pytest.mark.parametrize(
    "query",
    [
        lambda: Query(""),
        lambda: Query("  ", {}),
        lambda: Query("x", limit=0),
        lambda: Query("x", limit=101),
        lambda: Query("x", offset=1_000),
        lambda: Query("x", {"colour": frozenset({"red"})}),
        lambda: Query("x", facets=("colour",)),
        lambda: Query("x" * 501),
        lambda: Query("x " * 25),
        lambda: Query('()*"^'),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(index: SearchIndex, query: Callable[[], Query]) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        index.search("acme", query())
    assert refusal.value.path in ("q", "limit", "cursor", "filters", "facets")
    assert refusal.value.reason


def test_an_older_editions_index_serves_until_the_new_one_has_caught_up(indexes: Indexes) -> None:
    old, new = indexes.make(1), indexes.make(2)
    fill(old, LAB)
    assert new.position("acme") == 0, "the new code begins from the first entry"
    assert new.apply("acme", Batch(0, 1, {PAY.id: [PAY]}))
    assert found(new, "laboratory") == [LAB.id], "what serves is the old one"
    assert found(new, "payment") == []
    new.caught_up("acme")
    assert found(new, "payment") == [PAY.id]
    assert found(new, "laboratory") == []
    assert new.position("acme") == 1
    assert old.position("acme") is None, "old code leaves it alone"
    assert not old.apply("acme", Batch(1, 2, {LAB.id: [LAB]}))


def test_a_rebuild_that_was_cut_off_goes_on(indexes: Indexes) -> None:
    fill(indexes.make(1), LAB)
    assert indexes.make(2).apply("acme", Batch(0, 5, {PAY.id: [PAY]}))
    again = indexes.make(2)
    assert again.position("acme") == 5
    assert again.apply("acme", Batch(5, 6, {BOOM.id: [BOOM]}))
    again.caught_up("acme")
    assert set(found(again, type=["workflow", "error"])) == {PAY.id, BOOM.id}


def test_a_rebuild_begins_again_for_a_still_newer_edition(indexes: Indexes) -> None:
    fill(indexes.make(1), LAB)
    assert indexes.make(2).apply("acme", Batch(0, 5, {PAY.id: [PAY]}))
    assert indexes.make(3).position("acme") == 0
    assert indexes.make(3).apply("acme", Batch(0, 1, {BOOM.id: [BOOM]}))
    assert indexes.make(2).position("acme") is None
    assert indexes.make(1).position("acme") == 1, "what serves is still the first one's"


def test_nothing_is_switched_before_its_time(indexes: Indexes) -> None:
    old = indexes.make(1)
    fill(old, LAB)
    old.caught_up("acme")
    indexes.make(2).caught_up("acme")
    assert found(old, "laboratory") == [LAB.id]
    assert old.position("acme") == 1


def test_generations_stand_beside_each_other_and_go_one_by_one(indexes: Indexes) -> None:
    first, second = (GenerationIndex(indexes.make(1), lambda _, number=number: number) for number in (1, 2))  # type: ignore[misc]
    fill(first, LAB)
    assert second.position("acme") == 0, "it begins from the first entry"
    fill(second, PAY)
    fill(second, PAY, tenant="acme2")
    assert (found(first, "lab"), found(first, "payment")) == ([LAB.id], [])
    assert found(second, "payment") == [PAY.id]
    for _ in range(2):
        first.remove("acme")
    assert first.position("acme") == 0
    assert found(first, "laboratory") == []
    assert found(second, "payment") == [PAY.id]
    assert found(second, "payment", tenant="acme2") == [PAY.id]


def test_what_a_newer_edition_has_begun_is_removed_with_the_rest(indexes: Indexes) -> None:
    fill(indexes.make(1), LAB)
    assert indexes.make(2).apply("acme", Batch(0, 5, {PAY.id: [PAY]}))
    indexes.make(1).remove("acme")
    assert indexes.make(1).position("acme") == 0
    assert indexes.make(2).position("acme") == 0
