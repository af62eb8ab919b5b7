"""What a search brings along: what matches refer to (_include), and what refers to them (_revinclude)."""

from collections.abc import Iterable, Iterator, Sequence

from penstock.json import JSONObject
from penstock_healthcare.fhir.errors import SearchTooCostly
from penstock_healthcare.fhir.search.asking import Include, Query
from penstock_healthcare.fhir.search.finding import Finder, Listed, about, values
from penstock_healthcare.fhir.search.parameters import parameters, patient_parameter

MOST_INCLUDED = 500
_ANY = "*"


def included(finder: Finder, query: Query, matches: Sequence[JSONObject]) -> Sequence[JSONObject]:
    """Their documents, each once, without the matches. Raises SearchTooCostly."""
    found = {reference_of(each): each for each in matches}
    wanted = (reference for each in matches for reference in _referred(query.includes, each))
    brought = list(referred_to(finder, wanted, found.keys()))
    for include in query.reverse_includes:
        brought += [each for each in _referring(finder, include, matches) if reference_of(each) not in found]
    unique = {reference_of(each): each for each in brought}
    if len(unique) > MOST_INCLUDED:
        raise SearchTooCostly(MOST_INCLUDED)
    return list(unique.values())


def referred_to(finder: Finder, references: Iterable[str], known: Iterable[str]) -> Iterator[JSONObject]:
    """The documents of references that are not known. Raises SearchTooCostly after MOST_INCLUDED."""
    wanted = [each for each in dict.fromkeys(references) if each not in known]
    if len(wanted) > MOST_INCLUDED:
        raise SearchTooCostly(MOST_INCLUDED)
    return (document for each in wanted if (document := finder.document(each)))


def references_of(document: JSONObject, code: str = _ANY) -> Iterator[str]:
    """The relative references of a document, by one parameter or by any."""
    kinds = parameters(document["resourceType"])
    for name in kinds if code == _ANY else (code,):
        if name in kinds and kinds[name].type == "reference":
            yield from (each for each in values(document, name) if each.count("/") == 1 and ":" not in each)


def reference_of(document: JSONObject) -> str:
    """`Patient/1`."""
    return f"{document['resourceType']}/{document['id']}"


def _referred(includes: Sequence[Include], document: JSONObject) -> Iterator[str]:
    for include in includes:
        for reference in references_of(document, include.code):
            if not include.target or reference.startswith(f"{include.target}/"):
                yield reference


def _referring(finder: Finder, include: Include, matches: Sequence[JSONObject]) -> Iterator[JSONObject]:
    targets = {reference_of(each) for each in matches}
    for listing in _listings(include, targets):
        for document in finder.listed(listing):
            if targets.intersection(references_of(document, include.code)):
                yield document


def _listings(include: Include, targets: Iterable[str]) -> Sequence[Listed]:
    """By patient where the parameter names the one whom it is about; else all of the type."""
    sole = patient_parameter(include.kind)
    is_by_patient = sole is not None and parameters(include.kind)[include.code].element == sole.element
    if is_by_patient and all(each.startswith("Patient/") for each in targets):
        return [about(each, include.kind) for each in sorted(targets)]
    return [Listed("type", f"{include.kind}|")]
