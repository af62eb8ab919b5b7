"""What the nodes that get a patient's records have in common: which records, and how they are filtered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, NodeParameters
from penstock_healthcare.fhir.search.asking import LARGEST_COUNT, Query, asked
from penstock_healthcare.fhir.search.finding import in_order
from penstock_healthcare.fhir.search.parameters import parameters
from penstock_healthcare.nodes.resources import PatientReference, failing, finder, read_documents

MOST_RECORDS = 1_000
_MOST_PAGES = 20
Token = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^,\\]+$")]


@dataclass(frozen=True, slots=True)
class Record:
    """A type of resources, and R4's search parameters that give its date and status."""

    kind: str
    date: str
    status: str


class Asking(NodeParameters):
    """Whose records, and which of them."""

    patient: PatientReference = Field(description="The patient: Patient/12")
    codes: tuple[Token, ...] = Field(
        default=(), max_length=100, description="Codes, with or without system and |: 2823-3, http://loinc.org|2823-3"
    )
    statuses: tuple[Token, ...] = Field(default=(), max_length=20, description="Their statuses; any when left out")
    since: date | None = Field(default=None, description="From this day on (UTC)")
    until: date | None = Field(default=None, description="Up to this day, which counts (UTC)")
    most: int = Field(default=100, ge=1, le=MOST_RECORDS, description="How many at most, the newest first")


def found(
    call: Call[Any], index: int, records: Sequence[Record], given: Asking, more: Sequence[tuple[str, str]] = ()
) -> tuple[list[JSONObject], bool]:
    """The records, newest first, those without a date last; and whether these are all. Raises NodeFailure."""
    documents: list[JSONObject] = []
    is_whole = True
    with failing(f"item {index}: records"):
        for record in records:
            query = asked(record.kind, [*_pairs(record, given), *more], strict=True)
            some, is_all = _paged(call, query, given.most)
            documents += in_order(some, parameters(record.kind)[record.date], is_descending=True)
            is_whole = is_whole and is_all
        kept = documents[: given.most]
        return read_documents(call, kept), is_whole and len(kept) == len(documents)


def _paged(call: Call[Any], query: Query, most: int) -> tuple[Sequence[JSONObject], bool]:
    """Pages are read until there are enough, or so many that the rest is left."""
    documents: list[JSONObject] = []
    for _ in range(_MOST_PAGES):
        page = finder(call).find(query)
        documents += page.matches
        if page.next is None or len(documents) > most:
            return documents, page.next is None
        query = replace(query, cursor=page.next)
    return documents, False


def _pairs(record: Record, given: Asking) -> Iterator[tuple[str, str]]:
    yield "patient", given.patient
    yield "_count", str(LARGEST_COUNT)
    lists = ((name, ",".join(each)) for name, each in (("code", given.codes), (record.status, given.statuses)) if each)
    yield from lists
    days = ((prefix, day) for prefix, day in (("ge", given.since), ("le", given.until)) if day)
    yield from ((record.date, f"{prefix}{day.isoformat()}") for prefix, day in days)
