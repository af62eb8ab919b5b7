"""healthcare.patient.search"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import SearchTooCostly
from penstock_healthcare.fhir.search.rows import IDENTIFIER, identifier_key
from penstock_healthcare.nodes.resources import each, failing, finder, read_documents
from penstock_healthcare.patients.keys import PERSON, asked
from penstock_healthcare.patients.matching import GRADES, Grade, Match, compared
from penstock_healthcare.patients.person import Person, person

MOST_CANDIDATES = 500
Text = Annotated[str, Field(max_length=200)]


class Parameters(NodeParameters):
    """What is known of the patient. What is left out, or empty, weighs nothing."""

    identifier: Text = Field(default="", description="A record number, or its system, | and it: urn:mrn|12")
    family: Text = Field(default="", description="Family name, however it is written")
    given: Text = Field(default="", description="Given names, also nicknames and initials")
    birth_date: date | Literal[""] = Field(default="", description="As 1954-04-12")
    sex: Literal["", "male", "female", "other", "unknown"] = Field(default="", description="Administrative sex")
    street: Text = Field(default="", description="Street and number")
    city: Text = Field(default="", description="Town, which counts together with the street")
    postal_code: Text = Field(default="", description="Postal code")
    phone: Text = Field(default="", description="A phone number; its last eight digits count")
    least: Grade = Field(default=Grade.POSSIBLE, description="The least grade that is told")
    most: int = Field(default=10, ge=1, le=50, description="How many patients are told, the likeliest first")

    @model_validator(mode="after")
    def _is_narrow(self) -> "Parameters":
        if not (self.identifier or self.birth_date or self.phone or (self.family and self.given)):
            raise ValueError("give an identifier, birth_date, phone, or family and given")
        return self


@node_type(
    "healthcare.patient.search",
    kind=Kind.QUERY,
    parameters=Parameters,
)
def search_patient(call: Call[Parameters]) -> Outcome:
    """Find who a patient may be among those that are kept, although names and numbers were written differently.

    Adds `matches` to the item, the likeliest first: each with the `patient`, its `reference`, a `score` from 0 to 1, a
    `grade` and the `reasons`: for each field how it agrees (same, nickname, swapped, transposed, different …) and what
    that weighs. `certain` may be taken as the same person, `probable` wants a look, `possible` is a hint. Also adds
    `match`: the first one's grade when no other has the same, `several` when some do, `none` when nobody was found.
    """
    return each(call, _with_matches)


def _with_matches(call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    wanted = _wanted(parameters)
    with failing(f"item {index}: patient"):
        documents = [document for key in _keys(call, wanted) if (document := finder(call).document(key))]
    grades = [grade for _, grade in GRADES]
    told = grades[: grades.index(parameters.least) + 1]
    compares = [(compared(wanted, person(each_one)), each_one) for each_one in read_documents(call, documents)]
    likely = [(match, patient) for match, patient in compares if match.grade in told]
    likely.sort(key=lambda pair: (-pair[0].score, pair[1]["id"]))
    best = [match for match, _ in likely if match.grade == likely[0][0].grade]
    verdict = ("none", str(best[0].grade) if best else "", "several")[min(len(best), 2)]
    return {**item, "matches": [_told(*pair) for pair in likely[: parameters.most]], "match": verdict}


def _wanted(parameters: Parameters) -> Person:
    """What is asked, read as a Patient is."""
    system, bar, value = parameters.identifier.partition("|")
    identifier = {"system": system, "value": value} if bar else {"value": parameters.identifier}
    return person(
        {
            "identifier": [identifier],
            "name": [{"family": parameters.family, "given": [parameters.given]}],
            "birthDate": str(parameters.birth_date),
            "gender": parameters.sex,
            "address": [{"line": [parameters.street], "city": parameters.city, "postalCode": parameters.postal_code}],
            "telecom": [{"system": "phone", "value": parameters.phone}],
        }
    )


def _keys(call: Call[Parameters], wanted: Person) -> list[str]:
    """The references of all candidates, each once. Raises SearchTooCostly."""
    found: dict[str, None] = {}
    for key in _looked_up(call, wanted):
        found[key.replace("-", "/", 1)] = None
        if len(found) > MOST_CANDIDATES:
            raise SearchTooCostly(MOST_CANDIDATES)
    return list(found)


def _looked_up(call: Call[Parameters], wanted: Person) -> Iterator[str]:
    views = call.services.views
    for _, value in sorted(wanted.identifiers):
        yield from views.lookup(call.tenant, IDENTIFIER, identifier_key("Patient", value))
    for key in asked(wanted):
        yield from views.lookup(call.tenant, PERSON, key)


def _told(match: Match, patient: JSONObject) -> JSONObject:
    reasons = [asdict(reason) for reason in match.reasons]
    reference = f"Patient/{patient['id']}"
    return {"reference": reference, "score": match.score, "grade": match.grade, "reasons": reasons, "patient": patient}
