"""What OpenSearch is asked, and what its answers mean: the mapping, the query, the hits. All of it is pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.json import JSONObject
from penstock.search.language import Clause, Parsed
from penstock.search.model import (
    BODY_WEIGHT,
    FACET_VALUES,
    FIELDS,
    FURTHEST,
    NAMES_WEIGHT,
    TITLE_WEIGHT,
    WEIGHTS,
    Document,
    Hit,
    Query,
)
from penstock.search.spelling import MOST_SUGGESTIONS, distance, slips
from penstock.search.sqlite import parts
from penstock.search.words import names, words

_BEGIN, _END = "\ue000", "\ue001"
_SNIPPET = 160
_TEXTS = [f"title^{TITLE_WEIGHT:g}", f"body^{BODY_WEIGHT:g}", f"names^{NAMES_WEIGHT:g}"]
_KEYWORD = {"type": "keyword", "fields": {"folded": {"type": "keyword", "normalizer": "folded"}}}
_TEXT = {"type": "text", "analyzer": "words"}
INDEX: JSONObject = {
    "settings": {
        "analysis": {
            "tokenizer": {"words": {"type": "pattern", "pattern": "[^\\p{L}\\p{N}\\p{M}]+"}},
            "analyzer": {"words": {"type": "custom", "tokenizer": "words", "filter": ["lowercase", "asciifolding"]}},
            "normalizer": {"folded": {"type": "custom", "filter": ["lowercase"]}},
        }
    },
    "mappings": {
        "dynamic": "strict",
        "properties": {
            **{name: {"type": "keyword"} for name in ("id", "url")},
            **dict.fromkeys(("title", "body", "names"), _TEXT),
            "time": {"type": "date", "format": "epoch_millis"},
            "fields": {"properties": dict.fromkeys(FIELDS, _KEYWORD)},
        },
    },
}


def source(document: Document) -> JSONObject:
    """A document as OpenSearch has it."""
    fields: dict[str, list[str]] = {}
    for name, value in document.facets():
        fields.setdefault(name, []).append(value)
    title, body = document.text("title"), document.text("body")
    return {
        "id": document.id,
        "url": document.url,
        "title": title,
        "body": body,
        "names": names(f"{title}\n{body}"),
        "time": document.time,
        "fields": {name: sorted(values) for name, values in fields.items()},
    }


def request(query: Query, parsed: Parsed, *, is_fuzzy: bool) -> JSONObject:
    """The body of a search. With `is_fuzzy`, words that were not quoted may have slips in them."""
    score = [{"_score": "desc"}] if parsed.wanted else []
    return {
        "query": _weighted(_matching(query, parsed, is_fuzzy)),
        "from": query.offset,
        "size": min(query.limit, FURTHEST - query.offset),
        "sort": [*score, {"time": "desc"}, {"id": "asc"}],
        "track_scores": True,
        "track_total_hits": True,
        "timeout": "5s",
        "_source": {"excludes": ["names"]},
        "aggs": {name: {"terms": {"field": f"fields.{name}", "size": FACET_VALUES}} for name in query.facets},
        "highlight": {
            "pre_tags": [_BEGIN],
            "post_tags": [_END],
            "fields": {
                "title": {"number_of_fragments": 0},
                "body": {"number_of_fragments": 1, "fragment_size": _SNIPPET},
            },
        },
    }


def hit(found: Any) -> Hit:
    """A hit of an answer."""
    stored, marked = found["_source"], found.get("highlight", {})
    title = marked.get("title", [stored["title"]])[0]
    body = marked.get("body", [stored["body"][:_SNIPPET]])[0]
    (kind,) = stored["fields"]["type"]
    return Hit(
        stored["id"],
        kind,
        parts(title),
        parts(body),
        stored["url"],
        stored["time"],
        found["_score"] or 0.0,
        stored["fields"],
    )


def facets(answer: Any) -> Mapping[str, Sequence[tuple[str, int]]]:
    """The counts of an answer, by field."""
    found = answer.get("aggregations", {})
    return {name: [(each["key"], each["doc_count"]) for each in agg["buckets"]] for name, agg in found.items()}


def corrections(parsed: Parsed, hits: Sequence[Hit]) -> Mapping[str, Sequence[str]]:
    """What stood in for each word of a fuzzy search, by what is marked in its hits."""
    marked = [word for each in hits for text, is_match in (*each.title, *each.body) if is_match for word in words(text)]
    found = {}
    for word in _loose(parsed):
        near = dict.fromkeys(
            each for each in marked if each != word and distance(word, each, slips(word)) <= slips(word)
        )
        if near:
            found[word] = list(near)[:MOST_SUGGESTIONS]
    return found


def can_be_fuzzy(parsed: Parsed) -> bool:
    """Whether there is a word in which a slip would be forgiven."""
    return any(map(slips, _loose(parsed)))


def _loose(parsed: Parsed) -> list[str]:
    return [word for clause in parsed.wanted if not clause.is_quoted for word in clause.words]


def _weighted(matching: JSONObject) -> JSONObject:
    functions = [{"filter": {"term": {"fields.type": kind}}, "weight": weight} for kind, weight in WEIGHTS.items()]
    return {"function_score": {"query": matching, "functions": functions, "boost_mode": "multiply"}}


def _matching(query: Query, parsed: Parsed, is_fuzzy: bool) -> JSONObject:
    return {
        "bool": {
            "must": [_clause(clause, is_fuzzy) for clause in parsed.wanted] or [{"match_all": {}}],
            "filter": [*_labels(query.filters), *_labels(parsed.filters)],
            "must_not": [*(_texts(each.words, type="phrase") for each in parsed.unwanted), *_labels(parsed.without)],
        }
    }


def _clause(clause: Clause, is_fuzzy: bool) -> JSONObject:
    exact = _texts(clause.words, type="phrase")
    if clause.is_quoted:
        return exact
    choices = [exact, _texts(clause.words, type="phrase_prefix", max_expansions=200)]
    if is_fuzzy:
        fuzzy = [_texts([word], fuzziness=slips(word), max_expansions=50) for word in clause.words]
        choices.append({"bool": {"must": fuzzy}})
    return {"bool": {"should": choices, "minimum_should_match": 1}}


def _texts(given: Sequence[str], **options: Any) -> JSONObject:
    return {"multi_match": {"query": " ".join(given), "fields": _TEXTS, **options}}


def _labels(filters: Mapping[str, frozenset[str]]) -> list[JSONObject]:
    return [
        {"terms": {f"fields.{name}.folded": sorted(value.lower() for value in values)}}
        for name, values in filters.items()
    ]
