"""A batch or transaction as it is answered: a Bundle with what became of each entry, in the order of the entries."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from penstock.json import JSONObject
from penstock_healthcare.api.fhir import etag
from penstock_healthcare.api.fhir_bundles import bundle
from penstock_healthcare.fhir import transactions
from penstock_healthcare.fhir.formats import json_text
from penstock_healthcare.fhir.interactions import Interactions, Written
from penstock_healthcare.fhir.transactions import Entry

Get = Callable[[str], JSONObject]
"""A relative URL to what is read there."""
Refuse = Callable[[Exception], Response[str]]


@dataclass(frozen=True)
class Exchange:
    """Answers Bundles. `refuse` makes an error an answer."""

    interactions: Interactions
    get: Get
    refuse: Refuse

    def answer(self, sent: JSONObject) -> JSONObject:
        """The answering Bundle. Raises InvalidBundle, and for a transaction whatever is wrong with any entry."""
        asked = transactions.entries(sent)
        if sent["type"] == "batch":
            return bundle("batch-response", [], [self._one(each) for each in asked])
        plans = transactions.planned(self.interactions, asked)
        done = {plan.entry.place: transactions.write(self.interactions, plan) for plan in plans}
        found = [_written(done[each.place], each) if each.place in done else self._read(each) for each in asked]
        return bundle("transaction-response", [], found)

    def _one(self, entry: Entry) -> JSONObject:
        command = self.interactions.command_id
        own = self.interactions.under(f"{command} {entry.place}" if command else None)
        try:
            return self._read(entry) if entry.method == "GET" else _written(transactions.perform(own, entry), entry)
        except Exception as error:  # noqa: BLE001 - each entry of a batch stands alone, and its answer says what it was
            refused = self.refuse(error)
            outcome = json_text.read(str(refused.body).encode()).resource
            return {"response": {"status": _status(refused.status_code), "outcome": outcome}}

    def _read(self, entry: Entry) -> JSONObject:
        return {"resource": self.get(entry.url), "response": {"status": _status(200)}}


def _written(done: Written, entry: Entry) -> JSONObject:
    resource = done.resource
    if entry.method == "DELETE":
        return {"response": {"status": _status(204)}}
    return {
        "resource": resource.resource,
        "response": {
            "status": _status(201 if done.is_created else 200),
            "location": f"{resource.reference}/_history/{resource.version}",
            "etag": etag(resource.version),
            "lastModified": resource.updated_at,
        },
    }


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"
