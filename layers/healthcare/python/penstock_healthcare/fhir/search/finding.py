"""Finds what a query asks for: by the narrowest way to the candidates, which are read in pages and held against it.

The ways: by id; by identifier (the read model's lookups); by the patient whom it is about; by type. Without an order
and by the last two, a page ends when it is full or when it has read `MOST_READ` candidates, and says how to go on. What
must see all that is found (`_sort`, a total, a condition of a write) is refused when there is more to read than that.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from penstock.events.errors import BadCursor
from penstock.events.views import LARGEST_PAGE, ViewStore
from penstock.json import JSON, JSONObject, dumps, loads
from penstock_healthcare.fhir.errors import SearchTooCostly
from penstock_healthcare.fhir.search import dates
from penstock_healthcare.fhir.search.asking import MISSING, Condition, Query, Token
from penstock_healthcare.fhir.search.chaining import MOST_LINKED, Chain
from penstock_healthcare.fhir.search.matching import meets, sort_value
from penstock_healthcare.fhir.search.parameters import ID, LAST_UPDATED, Parameter, parameters, patient_parameter
from penstock_healthcare.fhir.search.rows import IDENTIFIER, PROJECTION, identifier_key

MOST_READ = 2_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A way that is a listing of the read model's."""

    index: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: the cursor of the listing's page that it lies in, and the order of what came before it."""

    cursor: str | None = None
    order: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """Documents of the read model; `next` asks for what follows, `total` is None where it is not known."""

    matches: Sequence[JSONObject]
    next: str | None = None
    total: int | None = None


def sliced(found: Sequence[JSONObject], count: int, cursor: str | None) -> Results:
    """A page of what was found whole. Raises BadCursor."""
    begin = _offset(cursor)
    end = begin + count
    return Results(found[begin:end], _token(end) if end < len(found) else None, len(found))


@dataclass(frozen=True)
class Finder:
    """Searches one tenant's resources."""

    views: ViewStore
    tenant: str

    def find(self, query: Query) -> Results:
        """One page. Raises BadCursor, SearchTooCostly."""
        query = self._unchained(query)
        keys = _keys_of(query)
        is_met = all(each.values for each in query.conditions)
        if is_met and keys is None and not query.sort and not query.is_counted and not query.is_count_only:
            return self._page(query, _listing(query))
        found = self.all(query)
        return Results((), total=len(found)) if query.is_count_only else sliced(found, query.count, query.cursor)

    def all(self, query: Query) -> Sequence[JSONObject]:
        """All that is found, in the order that is asked for. Raises SearchTooCostly."""
        query = self._unchained(query)
        found = [each for each in self._candidates(query) if matches(query, each)]
        for parameter, is_descending in reversed(query.sort):
            found = in_order(found, parameter, is_descending)
        return found

    def document(self, reference: str) -> JSONObject | None:
        """The document of a relative reference."""
        view = self.views.get(self.tenant, PROJECTION, reference.replace("/", "-", 1))
        return view.document if view else None

    def listed(self, listing: Listed) -> Iterator[JSONObject]:
        """Every document of a listing, changed last first. Raises SearchTooCostly after MOST_READ."""
        cursor, read = None, 0
        while True:
            page = self.views.list(
                self.tenant, PROJECTION, index=listing.index, prefix=listing.prefix, limit=LARGEST_PAGE, cursor=cursor
            )
            for view in page.items:
                yield view.document
            read, cursor = read + len(page.items), page.cursor
            if cursor is None:
                return
            if read >= MOST_READ:
                raise SearchTooCostly(MOST_READ)

    def _unchained(self, query: Query) -> Query:
        """The query with conditions on references and ids in the place of its chains."""
        led = tuple(self._led(query.kind, each) for each in query.chains)
        return replace(query, conditions=(*led, *query.conditions), chains=())

    def _led(self, kind: str, chain: Chain) -> Condition:
        found = [each for query in chain.queries for each in self.all(query)]
        if len(found) > MOST_LINKED:
            raise SearchTooCostly(MOST_LINKED)
        if not chain.is_reverse:
            return Condition(chain.parameter, "", tuple(f"{each['resourceType']}/{each['id']}" for each in found))
        references = (str(value).split("/") for each in found for value in values(each, chain.parameter.code))
        names = dict.fromkeys(each[1] for each in references if len(each) == 2 and each[0] == kind)
        return Condition(parameters(kind)[ID], "", tuple(Token(None, name) for name in names))

    def _candidates(self, query: Query) -> Iterator[JSONObject]:
        if not all(each.values for each in query.conditions):
            return  # a chain led nowhere
        keys = _keys_of(query)
        if keys is None:
            yield from self.listed(_listing(query))
            return
        names = [name for key in keys for name in self._named(query.kind, key)]
        for name in dict.fromkeys(names):
            if document := self.document(f"{query.kind}/{name}"):
                yield document

    def _named(self, kind: str, key: "Key") -> Sequence[str]:
        if key.code == ID:
            return (key.value,)
        found = self.views.lookup(self.tenant, IDENTIFIER, identifier_key(kind, key.value))
        if len(found) > MOST_READ:
            raise SearchTooCostly(MOST_READ)
        return [each.partition("-")[2] for each in found]

    def _page(self, query: Query, listing: Listed) -> Results:
        place = _place(query.cursor)
        found: list[tuple[JSONObject, Place]] = []
        size = LARGEST_PAGE if query.conditions else min(query.count + 1, LARGEST_PAGE)
        cursor, read = place.cursor, 0
        while True:
            page = self.views.list(
                self.tenant, PROJECTION, index=listing.index, prefix=listing.prefix, limit=size, cursor=cursor
            )
            for view in page.items:
                here = Place(cursor, f"{view.document['lastUpdated']} {view.key}")
                if place.order and here.order >= place.order:
                    continue
                read += 1
                if matches(query, view.document):
                    found.append((view.document, here))
                if len(found) > query.count:
                    return Results([each for each, _ in found[:-1]], _token(found[-2][1]))
                if read == MOST_READ:
                    return Results([each for each, _ in found], _token(here))
            cursor = page.cursor
            if cursor is None:
                return Results([each for each, _ in found], None, None if query.cursor else len(found))


def matches(query: Query, document: JSONObject) -> bool:
    """Whether a document is of the query's type and meets all conditions."""
    return document["resourceType"] == query.kind and all(
        meets(each, values(document, each.parameter.code)) for each in query.conditions
    )


def values(document: JSONObject, code: str) -> Sequence[JSON]:
    """The document's values of a parameter."""
    if code == LAST_UPDATED:
        return [dates.covered(document["lastUpdated"])]
    found: Sequence[JSON] = document.get("values", {}).get(
        code, ()
    )  # rows of revision 1 have none until they are folded
    return found


@dataclass(frozen=True, slots=True)
class Key:
    """A value that leads to few documents: an id or an identifier."""

    code: str
    value: str


def _keys_of(query: Query) -> Sequence[Key] | None:
    for code in (ID, "identifier"):
        for condition in query.conditions:
            if condition.parameter.code == code and not condition.modifier and _is_exact(condition):
                return [Key(code, value.code) for value in condition.values]
    return None


def _is_exact(condition: Condition) -> bool:
    return all(isinstance(value, Token) and value.code for value in condition.values)


def _listing(query: Query) -> Listed:
    """By the patient where the query names one who is the only one that such a resource can be about."""
    sole = patient_parameter(query.kind)
    for condition in query.conditions:
        if sole and condition.parameter.element == sole.element and len(condition.values) == 1:
            reference = _patient(condition)
            if reference:
                return about(reference, query.kind)
    return Listed("type", f"{query.kind}|")


def about(reference: str, kind: str = "") -> Listed:
    """The listing of what is about a patient, of one type or of all."""
    return Listed("patient", f"{reference}|{kind}|" if kind else f"{reference}|")


def _patient(condition: Condition) -> str | None:
    if condition.modifier == MISSING:
        return None
    value = str(condition.values[0])
    if "/" not in value and (condition.parameter.code == "patient" or condition.modifier == "Patient"):
        value = f"Patient/{value}"
    return value if value.startswith("Patient/") and len(value) <= len("Patient/") + 64 else None


def in_order(found: Sequence[JSONObject], parameter: Parameter, is_descending: bool) -> list[JSONObject]:
    """By the least of each one's values, by the greatest when descending; those that have none come last."""
    extreme = max if is_descending else min
    held = [(values(each, parameter.code), each) for each in found]
    keyed = [(extreme(sort_value(parameter.type, value) for value in have), each) for have, each in held if have]
    keyed.sort(key=lambda pair: pair[0], reverse=is_descending)
    return [each for _, each in keyed] + [each for have, each in held if not have]


def _token(place: Place | int) -> str:
    parts = place if isinstance(place, int) else [place.cursor, place.order]
    return base64.urlsafe_b64encode(dumps(parts)).decode().rstrip("=")


def _parts(cursor: str) -> JSON:
    if len(cursor) > 8_192:
        raise BadCursor("too long")
    try:
        return loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise BadCursor("not one of ours") from error


def _place(cursor: str | None) -> Place:
    match _parts(cursor) if cursor else [None, ""]:
        case [str() | None as page, str(order)]:
            return Place(page, order)
    raise BadCursor("belongs to another listing")


def _offset(cursor: str | None) -> int:
    match _parts(cursor) if cursor else 0:
        case int(offset) if 0 <= offset <= MOST_READ:
            return offset
    raise BadCursor("belongs to another listing")
