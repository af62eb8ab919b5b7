"""OpenSearch as far as the adapter uses it: indexes, bulk writes with external versions, searches, over HTTP in process.

It takes no shortcut through the adapter: requests and answers are JSON of OpenSearch's shapes, a mapping is held against
each document, and what it does not know it refuses. Scores only keep the order: matches, by the field's boost.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from penstock.search.spelling import distance

Json = dict[str, Any]
_WORD = re.compile(r"[^\W_]+")


def analyzed(text: str) -> list[str]:
    folded = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    return _WORD.findall(folded)


@dataclass
class Index:
    mappings: Json
    documents: dict[str, Json] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def write(self, action: str, about: Json, source: Json | None) -> Json:
        identifier, version = about["_id"], about["version"]
        assert about["version_type"] == "external_gte"
        if version < self.versions.get(identifier, 0):
            return {"_id": identifier, "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        existed = identifier in self.documents
        self.versions[identifier] = version
        if action == "delete":
            self.documents.pop(identifier, None)
            return {"_id": identifier, "status": 200 if existed else 404}
        assert source is not None
        _check(source, self.mappings["properties"])
        self.documents[identifier] = source
        return {"_id": identifier, "status": 200 if existed else 201}


class FakeOpenSearch:
    """The collection; `transport` is what httpx is given. `failing` answers instead, as long as there is one."""

    def __init__(self) -> None:
        self.indexes: dict[str, Index] = {}
        self.requests: list[httpx.Request] = []
        self.failing: list[httpx.Response] = []
        self.transport = httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.failing:
            return self.failing.pop(0)
        name, _, operation = request.url.path.strip("/").partition("/")
        if re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) is None:
            return _error(400, "invalid_index_name_exception")
        route = ROUTES.get((request.method, operation))
        if route is None:
            return _error(405, "method_not_allowed")
        if name not in self.indexes and operation != "" and request.method != "PUT":
            return _error(404, "index_not_found_exception")
        return route(self, name, request)

    def create(self, name: str, request: httpx.Request) -> httpx.Response:
        if name in self.indexes:
            return _error(400, "resource_already_exists_exception")
        body = json.loads(request.content)
        assert {"analysis"} == set(body["settings"])
        self.indexes[name] = Index(body["mappings"])
        return httpx.Response(200, json={"acknowledged": True, "index": name})

    def remove(self, name: str, request: httpx.Request) -> httpx.Response:
        if self.indexes.pop(name, None) is None:
            return _error(404, "index_not_found_exception")
        return httpx.Response(200, json={"acknowledged": True})

    def bulk(self, name: str, request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "application/x-ndjson"
        assert request.content.endswith(b"\n")
        lines = iter([json.loads(line) for line in request.content.splitlines()])
        items = []
        for line in lines:
            ((action, about),) = line.items()
            source = next(lines) if action == "index" else None
            items.append({action: self.indexes[name].write(action, about, source)})
        has_errors = any("error" in outcome for item in items for outcome in item.values())
        return httpx.Response(200, json={"took": 1, "errors": has_errors, "items": items})

    def search(self, name: str, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        scored = [(score(body["query"], each), each) for each in self.indexes[name].documents.values()]
        found = [(value, each) for value, each in scored if value is not None]
        found.sort(key=lambda pair: _order(body["sort"], *pair))
        page = found[body["from"] : body["from"] + body["size"]]
        answer = {
            "took": 1,
            "timed_out": False,
            "hits": {"total": {"value": len(found), "relation": "eq"}, "hits": [_hit(body, *pair) for pair in page]},
        }
        if body["aggs"]:
            answer["aggregations"] = {name: _terms(agg, found) for name, agg in body["aggs"].items()}
        return httpx.Response(200, json=answer)


ROUTES: Mapping[tuple[str, str], Callable[[FakeOpenSearch, str, httpx.Request], httpx.Response]] = {
    ("PUT", ""): FakeOpenSearch.create,
    ("DELETE", ""): FakeOpenSearch.remove,
    ("POST", "_bulk"): FakeOpenSearch.bulk,
    ("POST", "_search"): FakeOpenSearch.search,
}


def _error(status: int, kind: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"type": kind, "reason": "as told"}, "status": status})


def _check(source: Json, properties: Json) -> None:
    """`dynamic: strict`: a field that the mapping does not have is refused."""
    for name, value in source.items():
        if "properties" in properties[name]:
            _check(value, properties[name]["properties"])


def score(query: Json, document: Json) -> float | None:
    """The document's score; None when it does not match."""
    ((kind, body),) = query.items()
    return QUERIES[kind](body, document)


def _function_score(body: Json, document: Json) -> float | None:
    value = score(body["query"], document)
    assert body["boost_mode"] == "multiply"
    for function in body["functions"]:
        if value is not None and score(function["filter"], document) is not None:
            value *= function["weight"]
    return value


def _bool(body: Json, document: Json) -> float | None:
    must = [score(each, document) for each in body.get("must", ())]
    held = [score(each, document) for each in body.get("filter", ())]
    excluded = [score(each, document) for each in body.get("must_not", ())]
    should = [value for each in body.get("should", ()) if (value := score(each, document)) is not None]
    if None in (*must, *held) or any(value is not None for value in excluded):
        return None
    if len(should) < body.get("minimum_should_match", 0):
        return None
    return sum(value for value in must if value is not None) + sum(should)


def _multi_match(body: Json, document: Json) -> float | None:
    wanted, best = analyzed(body["query"]), 0.0
    for name, boost in ((each.split("^")[0], float(each.split("^")[1])) for each in body["fields"]):
        terms = analyzed(document[name])
        places = list(_places(body, wanted, terms))
        best = max(best, boost * len(places) / (1 + len(terms)) ** 0.5)
    return best or None


def _places(body: Json, wanted: list[str], terms: list[str]) -> Iterator[int]:
    """Where the query's words stand in a text."""
    fits = _fuzzy(body) if "fuzziness" in body else _prefix if body["type"] == "phrase_prefix" else _equal
    for start in range(len(terms) - len(wanted) + 1):
        *before, last = zip(wanted, terms[start:], strict=False)
        if all(one == other for one, other in before) and fits(*last):
            yield start


def _fuzzy(body: Json) -> Callable[[str, str], bool]:
    return lambda one, other: distance(one, other, body["fuzziness"]) <= body["fuzziness"]


def _prefix(one: str, other: str) -> bool:
    return other.startswith(one)


def _equal(one: str, other: str) -> bool:
    return one == other


def _term(body: Json, document: Json) -> float | None:
    ((name, value),) = body.items()
    return _terms_query({name: [value]}, document)


def _terms_query(body: Json, document: Json) -> float | None:
    ((path, values),) = body.items()
    assert isinstance(values, list)
    _, name, *folded = path.split(".")
    held = document["fields"].get(name, ())
    return 0.0 if set(values) & {value.lower() if folded else value for value in held} else None


QUERIES: Mapping[str, Callable[[Json, Json], float | None]] = {
    "function_score": _function_score,
    "bool": _bool,
    "multi_match": _multi_match,
    "match_all": lambda body, document: 1.0,
    "term": _term,
    "terms": _terms_query,
}


def _order(sort: list[Json], value: float, document: Json) -> tuple[Any, ...]:
    keys: list[Any] = []
    for each in sort:
        ((name, direction),) = each.items()
        key = value if name == "_score" else document[name]
        keys.append(-key if direction == "desc" else key)
    return tuple(keys)


def _hit(body: Json, value: float, document: Json) -> Json:
    kept = {name: each for name, each in document.items() if name not in body["_source"]["excludes"]}
    marked = {name: _marked(body, document[name], options) for name, options in body["highlight"]["fields"].items()}
    highlight = {name: [text] for name, text in marked.items() if text}
    return {"_id": document["id"], "_score": value, "_source": kept, "highlight": highlight}


def _marked(body: Json, text: str, options: Json) -> str:
    """The text, or a fragment of it, with the words that the query's scoring clauses match in marks."""
    matched = [
        found.span()
        for found in re.finditer(r"(?:[^\W_]|[\u0300-\u036f])+", text)
        if any(_is_matched(clause, analyzed(found[0])) for clause in _clauses(body["query"]))
    ]
    if not matched:
        return ""
    size = options.get("fragment_size", len(text)) if options["number_of_fragments"] else len(text)
    begin = max(0, matched[0][0] - size // 2) if len(text) > size else 0
    before, after = body["highlight"]["pre_tags"][0], body["highlight"]["post_tags"][0]
    out, at = "", begin
    for start, end in matched:
        if start >= begin and end <= begin + size:
            out += text[at:start] + before + text[start:end] + after
            at = end
    return out + text[at : begin + size]


def _clauses(query: Json) -> Iterator[Json]:
    """The text clauses that count towards the score."""
    ((kind, body),) = query.items()
    if kind == "multi_match":
        yield body
    for each in [body["query"]] if kind == "function_score" else [*body.get("must", ()), *body.get("should", ())]:
        if kind in ("function_score", "bool"):
            yield from _clauses(each)


def _is_matched(body: Json, terms: list[str]) -> bool:
    wanted = analyzed(body["query"])
    return any(list(_places({**body, "query": word}, [word], terms)) for word in wanted)


def _terms(agg: Json, found: list[tuple[float, Json]]) -> Json:
    name = agg["terms"]["field"].removeprefix("fields.")
    counts = Counter(value for _, document in found for value in document["fields"].get(name, ()))
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[: agg["terms"]["size"]]
    return {"buckets": [{"key": value, "doc_count": count} for value, count in ranked]}
