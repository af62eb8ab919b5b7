"""Slips of the finger, as people make them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.search.spelling import MOST_SUGGESTIONS, Vocabulary, distance, slips

WORDS = [
    "accommodate",
    "achieve",
    "address",
    "admission",
    "approval",
    "certificate",
    "checksum",
    "committee",
    "connection",
    "customer",
    "definitely",
    "discharge",
    "duplicate",
    "existence",
    "expired",
    "failed",
    "forbidden",
    "government",
    "guarantee",
    "immediately",
    "independent",
    "inventory",
    "laboratory",
    "length",
    "maintenance",
    "message",
    "missing",
    "necessary",
    "occurred",
    "patient",
    "payment",
    "permission",
    "permitted",
    "possession",
    "preferred",
    "privilege",
    "published",
    "receive",
    "received",
    "recommend",
    "reference",
    "refused",
    "release",
    "request",
    "reservation",
    "response",
    "result",
    "schedule",
    "segment",
    "separate",
    "shipment",
    "successful",
    "timeout",
    "transfer",
    "unknown",
    "until",
    "validation",
    "warehouse",
]

MISSPELT = {
    "acommodate": "accommodate",
    "acheive": "achieve",
    "adress": "address",
    "admision": "admission",
    "aproval": "approval",
    "certifcate": "certificate",
    "cheksum": "checksum",
    "comittee": "committee",
    "conection": "connection",
    "costumer": "customer",
    "definately": "definitely",
    "dischrage": "discharge",
    "dupilcate": "duplicate",
    "existance": "existence",
    "fialed": "failed",
    "forbiden": "forbidden",
    "goverment": "government",
    "garantee": "guarantee",
    "immediatly": "immediately",
    "independant": "independent",
    "invetory": "inventory",
    "labratory": "laboratory",
    "lenght": "length",
    "maintainance": "maintenance",
    "mesage": "message",
    "misssing": "missing",
    "neccessary": "necessary",
    "occured": "occurred",
    "pateint": "patient",
    "paymnet": "payment",
    "permision": "permission",
    "posession": "possession",
    "prefered": "preferred",
    "privelege": "privilege",
    "publised": "published",
    "recieve": "receive",
    "recieved": "received",
    "recomend": "recommend",
    "refrence": "reference",
    "refsued": "refused",
    "relase": "release",
    "reqeust": "request",
    "resevation": "reservation",
    "reponse": "response",
    "reuslt": "result",
    "shedule": "schedule",
    "segemnt": "segment",
    "seperate": "separate",
    "shippment": "shipment",
    "succesful": "successful",
    "tiemout": "timeout",
    "tranfser": "transfer",
    "unkown": "unknown",
    "untill": "until",
    "validaton": "validation",
    "warehosue": "warehouse",
}

VOCABULARY = Vocabulary((word, 1) for word in WORDS)
LETTERS = st.text(alphabet="abcd", max_size=7)


@pytest.mark.parametrize(("typed", "meant"), MISSPELT.items())
def test_real_misspellings_find_what_was_meant(typed: str, meant: str) -> None:
    assert VOCABULARY.suggest(typed)[0] == meant


@pytest.mark.parametrize("typed", ["ab", "x1y", "0193f2ab", "qqqqqqqq", "a" * 40, ""])
def test_short_words_ids_and_words_like_no_other_are_left_alone(typed: str) -> None:
    assert VOCABULARY.suggest(typed) == []


def test_the_nearest_come_first_then_the_most_frequent() -> None:
    vocabulary = Vocabulary([("bat", 1), ("cat", 9), ("hat", 5), ("rat", 7), ("cart", 50), ("dog", 99)])
    assert vocabulary.suggest("zat") == ["cat", "rat", "hat"][:MOST_SUGGESTIONS]
    assert vocabulary.suggest("cat")[0] == "cart", "a word is not its own suggestion"


def test_longer_words_are_forgiven_more() -> None:
    assert [slips(word) for word in ("ab", "abc", "abcde", "abcdef", "abc1ef")] == [0, 1, 1, 2, 0]


def full_distance(one: str, other: str) -> int:
    """Optimal string alignment by its definition."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            choices = [
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (one[i - 1] != other[j - 1]),
            ]
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                choices.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(choices)
    return table[len(one), len(other)]


@given(LETTERS, LETTERS, st.integers(0, 3))
def test_the_distance_is_exact_up_to_its_bound(one: str, other: str, most: int) -> None:
    expected, found = full_distance(one, other), distance(one, other, most)
    assert found == expected if expected <= most else found > most


@given(
    st.lists(st.text(alphabet="abcdefgh", min_size=3, max_size=8), max_size=30),
    st.text("abcdefgh", min_size=3, max_size=8),
)
def test_no_near_word_is_overlooked(terms: list[str], typed: str) -> None:
    near = [full_distance(typed, term) for term in terms if term != typed]
    best = min((length for length in near if length <= slips(typed)), default=None)
    suggested = Vocabulary((term, 1) for term in set(terms)).suggest(typed)
    assert bool(suggested) == (best is not None)
    assert all(full_distance(typed, term) == best for term in suggested)
