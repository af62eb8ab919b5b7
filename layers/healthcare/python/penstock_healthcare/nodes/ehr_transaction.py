"""healthcare.ehr.transaction"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, Outcome, node_type
from penstock_healthcare.nodes.ehr_calls import Servers, WritingParameters, given, servers, told

MOST_ENTRIES = 500
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_ONCE = frozenset({"GET", "PUT", "DELETE"})
"""Methods that do the same when they are done twice."""


class Parameters(WritingParameters):
    """What is done."""

    bundle: dict[str, Any] | None = Field(
        default=None, description="A Bundle of type transaction; the item's `bundle` when left out"
    )


@node_type("healthcare.ehr.transaction", kind=Kind.ACTION, parameters=Parameters)
def transact_with_ehr(call: Call[Parameters]) -> Outcome:
    """Send a transaction to an outside FHIR server: all of its entries are done, or none.

    Each entry that creates needs an `ifNoneExist`, so that a run that is done again makes nothing twice. Adds
    `responses` to the item, one for each entry: `status`, `location` and `etag`, as the server gave them.
    """
    with servers(call) as known:
        return Emit.main([_done(known, index, *each) for index, each in enumerate(call.each())])


def _done(known: Servers, index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    from penstock_healthcare.fhir.client.client import entries

    bundle = given(index, item, "bundle", parameters.bundle)
    for place, reason in _problems(bundle, may_repeat=parameters.duplicates == "accept"):
        raise NodeFailure("InvalidBundle", f"item {index}: {place}: {reason}", permanent=True)
    with told(index):
        answer = known.client(parameters.connection).transaction(bundle)
    return {**item, "responses": [_response(entry) for entry in entries(answer)]}


def _problems(bundle: JSONObject, *, may_repeat: bool) -> Iterator[tuple[str, str]]:
    if (bundle["resourceType"], bundle.get("type")) != ("Bundle", "transaction"):
        yield "Bundle.type", "must be transaction"
    listed = bundle.get("entry")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_ENTRIES:
        yield "Bundle.entry", f"must have 1 to {MOST_ENTRIES} entries"
        return
    for place, entry in enumerate(listed):
        request = entry.get("request") if isinstance(entry, dict) else None
        method = request.get("method") if isinstance(request, dict) else None
        if not isinstance(request, dict) or method not in _METHODS:
            yield f"Bundle.entry[{place}].request.method", "must be GET, POST, PUT, PATCH or DELETE"
        elif not may_repeat and method not in _ONCE and not request.get("ifNoneExist"):
            yield f"Bundle.entry[{place}].request.ifNoneExist", "is needed, unless duplicates are accepted"


def _response(entry: JSONObject) -> JSONObject:
    response = entry.get("response")
    told = response if isinstance(response, dict) else {}
    return {name: told[name] for name in ("status", "location", "etag") if isinstance(told.get(name), str)}
