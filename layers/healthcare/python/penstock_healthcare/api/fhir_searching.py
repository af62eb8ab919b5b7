"""Searches as they are answered: searchset Bundles, also for Patient/$everything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.json import JSONObject
from penstock_healthcare.api import fhir_bundles
from penstock_healthcare.fhir.accepting import known
from penstock_healthcare.fhir.errors import InvalidSearch
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.search.asking import CURSOR, LARGEST_COUNT, asked
from penstock_healthcare.fhir.search.finding import Finder, about, sliced
from penstock_healthcare.fhir.search.including import included, reference_of, references_of, referred_to

Pairs = Sequence[tuple[str, str]]
_EVERYTHING = frozenset({"_count", "_type", CURSOR})


@dataclass(frozen=True)
class Searches:
    """One tenant's, answered under a base URL."""

    resources: Resources
    finder: Finder
    base: str

    def search(self, kind: str, pairs: Pairs, *, strict: bool = False) -> JSONObject:
        """One page of what is found. Raises UnknownType, InvalidSearch, BadCursor, SearchTooCostly."""
        query = asked(known(kind), pairs, self.base, strict=strict)
        found = self.finder.find(query)
        extra = included(self.finder, query, found.matches)
        entries = [*self._entries(found.matches, "match"), *self._entries(extra, "include")]
        return fhir_bundles.searchset(f"{self.base}/{kind}", query.used, query.cursor, found, entries)

    def everything(self, name: str, pairs: Pairs) -> JSONObject:
        """A patient, all that is filed under them, and what that refers to.

        Raises UnknownResource, DeletedResource, InvalidSearch, BadCursor, SearchTooCostly.
        """
        self.resources.get(self.finder.tenant, "Patient", name)
        given = dict(pairs)
        if unknown := given.keys() - _EVERYTHING:
            raise InvalidSearch(min(unknown), "is no parameter of $everything that is served")
        types = frozenset(given.get("_type", "").split(",")) - {""}
        wanted = [each for each in self._filed(name) if not types or each["resourceType"] in types]
        found = sliced(wanted, _count(given.get("_count", str(LARGEST_COUNT))), given.get(CURSOR))
        used = [(each, value) for each, value in pairs if each != CURSOR]
        url = f"{self.base}/Patient/{name}/$everything"
        return fhir_bundles.searchset(url, used, given.get(CURSOR), found, self._entries(found.matches, "match"))

    def _filed(self, name: str) -> Sequence[JSONObject]:
        filed = list(self.finder.listed(about(f"Patient/{name}")))
        filed.sort(key=lambda each: (each["resourceType"] != "Patient", each["resourceType"], each["id"]))
        references = (reference for each in filed for reference in references_of(each))
        return [*filed, *referred_to(self.finder, references, {reference_of(each) for each in filed})]

    def _entries(self, documents: Sequence[JSONObject], mode: str) -> Iterator[JSONObject]:
        return (fhir_bundles.entry(self.base, each, mode, self._text(each)) for each in documents)

    def _text(self, document: JSONObject) -> str:
        """The resource's text; of a large one the store has it."""
        if document["text"] is not None:
            return str(document["text"])
        kind, name, version = document["resourceType"], document["id"], document["versionId"]
        return self.resources.get(self.finder.tenant, kind, name, version).text


def _count(text: str) -> int:
    if not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise InvalidSearch("_count", "must be a number from 1")
    return min(int(text), LARGEST_COUNT)
