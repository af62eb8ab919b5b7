"""What people type, whatever it is: an answer or a reason, in time that grows with its length."""

import time
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.search import Batch, Document, InvalidQuery, Query
from penstock.search.database import Database
from penstock.search.language import LONGEST_TEXT, Clause, parse
from penstock.search.sqlite import SqliteReader
from penstock.search.words import names, words

SYNTAX = st.text(alphabet="ab\"-:*()^{}+\\'`;%_ \t\n\x00é\u0301üßİ中ﬁ½AND OR NOT NEAR", max_size=80)
WORDS = st.lists(
    st.sampled_from(
        [
            "AND",
            "OR",
            "NOT",
            "NEAR(",
            '"',
            "-",
            "type:",
            "status:failed",
            "body:",
            "lab",
            "title:lab",
            "lab*",
            "^lab",
            "--",
        ]
    ),
    max_size=12,
).map(" ".join)


def reader() -> SqliteReader:
    database = Database.create(":memory:", 1)
    documents = [Document("w:1", "workflow", "Lab AND results", "not near the body", "/1", 1, {"status": ["failed"]})]
    database.write(Batch(0, 1, {"a": documents}))
    return SqliteReader(database)


READER = reader()


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=LONGEST_TEXT + 10), SYNTAX, WORDS))
@example('"')
@example('lab"')
@example("-")
@example("\x00")
@example("lab\x00results")
@example('status:""')
@example("a AND NOT b")
@example("\ud800")
def test_any_text_is_answered_or_refused_with_a_reason(text: str) -> None:
    query = Query(text, facets=("status",)) if text.strip() else Query("anything")
    try:
        total = READER.search(query).total
    except InvalidQuery as refusal:
        reasons = (refusal.path, refusal.reason)
    else:
        reasons = ("q", "found" if total <= 1 else "")
    assert reasons[0] == "q"
    assert reasons[1]


@given(st.one_of(SYNTAX, WORDS))
def test_no_syntax_of_the_index_survives_parsing(text: str) -> None:
    try:
        parsed = parse(text)
    except InvalidQuery:
        return
    for clause in (*parsed.wanted, *parsed.unwanted):
        assert clause.words
        assert all(word.isalnum() for word in clause.words)


@pytest.mark.parametrize("piece", ['"', "-", "a:", "-a:", "a ", "é", '-"', "x", ":", "a_", '""', 'ab:"', "_"])
def test_parsing_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    """A text of the longest length that is allowed, made to mislead the parser."""
    text = (piece * LONGEST_TEXT)[:LONGEST_TEXT]
    begun = time.perf_counter()
    with suppress(InvalidQuery):
        parse(text)
    assert time.perf_counter() - begun < 0.05


def test_a_query_is_cut_into_clauses_and_filters() -> None:
    parsed = parse('lab -draft "no such" core.http -"not this" status:failed -type:error node:"Ask doctor" status:done')
    assert parsed.wanted == (
        Clause(("lab",), False),
        Clause(("no", "such"), True),
        Clause(("core", "http"), False),
    )
    assert parsed.unwanted == (Clause(("draft",), False), Clause(("not", "this"), True))
    assert parsed.filters == {"status": frozenset({"failed", "done"}), "node": frozenset({"Ask doctor"})}
    assert parsed.without == {"type": frozenset({"error"})}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://host:80/a", ("http", "host", "80", "a")),
        ("colour:red", ("colour", "red")),
        ("Status:", ("status",)),
        ('"unclosed phrase', ("unclosed", "phrase")),
        ("ORU^R01", ("oru", "r01")),
    ],
)
def test_what_is_no_filter_of_ours_is_text(text: str, expected: tuple[str, ...]) -> None:
    parsed = parse(text)
    assert [clause.words for clause in parsed.wanted] == [expected]
    assert parsed.filters == {}


def test_words_have_neither_case_nor_diacritics() -> None:
    assert words("Émile_Müller's ÅNGSTRÖM ế") == ("emile", "muller", "s", "angstrom", "e")
    assert words("한국 中文 Ω") == ("한국", "中文", "ω")


def test_identifiers_are_cut_where_their_words_begin() -> None:
    assert names("UnknownPatient in HTTPRequest v2 plain") == "Unknown Patient HTTP Request"
