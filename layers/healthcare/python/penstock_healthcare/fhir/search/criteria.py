"""Criteria: a search as one text (`Observation?code=2823-3`), held against one resource as it is in an event."""

from urllib.parse import parse_qsl

from penstock.json import JSONObject
from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.search import rows
from penstock_healthcare.fhir.search.asking import Query, asked
from penstock_healthcare.fhir.search.finding import matches

LONGEST = 2_000


def criteria(text: str) -> Query:
    """The query of a text. Raises InvalidSearch: it must name a type, and every condition must be understood."""
    kind, _, conditions = text.partition("?")
    if len(text) > LONGEST:
        raise InvalidSearch("criteria", f"must have at most {LONGEST} characters")
    if r4().resource(kind) is None:
        raise InvalidSearch("criteria", "must begin with a resource type, as Observation?code=2823-3")
    query = asked(kind, parse_qsl(conditions, keep_blank_values=True), strict=True)
    if len(query.conditions) != len(query.used):
        raise InvalidSearch("criteria", "may hold conditions only: no order, no includes, no paging")
    return query


def kind_of(text: str) -> str:
    """The resource type that criteria begin with, also where the rest of them is wrong."""
    return text.partition("?")[0]


def saved_row(event: JSONObject) -> JSONObject:
    """The document of a resource as its event saved it; `event` has `data`, `version` and `time`."""
    data = event["data"]
    return rows.row(data["type"], data["id"], data["text"], event["version"], event["time"])


def is_met(query: Query, document: JSONObject) -> bool:
    """Whether a document meets criteria."""
    return matches(query, document)
