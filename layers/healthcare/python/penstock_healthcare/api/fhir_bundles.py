"""Bundles that are answered: what a search found, and histories (FHIR R4, sections 3.1.1 and 3.1.0.11)."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from penstock.json import JSONObject
from penstock_healthcare.api.fhir import etag
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.resources import Resource, shown
from penstock_healthcare.fhir.search.asking import CURSOR
from penstock_healthcare.fhir.search.finding import Results


def searchset(
    url: str, pairs: Sequence[tuple[str, str]], cursor: str | None, found: Results, entries: Iterable[JSONObject]
) -> JSONObject:
    """One page of what was found at a URL, which was asked for by pairs and a cursor."""
    links = [_link("self", url, pairs, cursor)]
    if found.next:
        links.append(_link("next", url, pairs, found.next))
    return bundle("searchset", links, entries, found.total)


def entry(base: str, document: JSONObject, mode: str, text: str) -> JSONObject:
    """An entry of a searchset, of a document of the read model and the resource's text."""
    whole = shown(text, document["versionId"], document["lastUpdated"])
    return {
        "fullUrl": f"{base}/{document['resourceType']}/{document['id']}",
        "resource": json_text.read(whole.encode()).resource,
        "search": {"mode": mode},
    }


def history(base: str, versions: Sequence[Resource]) -> JSONObject:
    """Every version of a resource, newest first; a deletion has no resource."""
    reference = versions[0].reference
    link = {"relation": "self", "url": f"{base}/{reference}/_history"}
    return bundle("history", [link], [_version(base, each) for each in versions], len(versions))


def bundle(
    kind: str, links: Sequence[JSONObject], entries: Iterable[JSONObject], total: int | None = None
) -> JSONObject:
    """A Bundle; `total` is None where it is not known."""
    counted = {} if total is None else {"total": total}
    held = list(entries)
    linked = {"link": list(links)} if links else {}
    return {"resourceType": "Bundle", "type": kind, **counted, **linked, **({"entry": held} if held else {})}


def _link(relation: str, url: str, pairs: Sequence[tuple[str, str]], cursor: str | None) -> JSONObject:
    asked = urlencode([*pairs, *([(CURSOR, cursor)] if cursor else [])])
    return {"relation": relation, "url": f"{url}?{asked}" if asked else url}


def _version(base: str, version: Resource) -> JSONObject:
    held = {} if version.is_deleted else {"resource": version.resource}
    method = "DELETE" if version.is_deleted else "PUT"
    return {
        "fullUrl": f"{base}/{version.reference}",
        **held,
        "request": {"method": method, "url": version.reference},
        "response": {
            "status": "204" if version.is_deleted else "201" if version.is_new else "200",
            "etag": etag(version.version),
            "lastModified": version.updated_at,
        },
    }
