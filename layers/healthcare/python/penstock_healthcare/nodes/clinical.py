"""What the nodes that record care have in common: codes, and who did it for whom."""

from typing import Any

from pydantic import Field, model_validator

from penstock.json import JSONObject
from penstock.workflows.node import Call, NodeParameters
from penstock_healthcare.nodes.resources import (
    PatientReference,
    Reference,
    Writing,
    accepted,
    failing,
    interactions,
    with_told,
)


class Coded(NodeParameters):
    """What something is: a code of a system, words, or both."""

    system: str = Field(default="", max_length=200, description="The code's system: http://loinc.org")
    code: str = Field(default="", max_length=100, description="The code: 2823-3")
    text: str = Field(default="", max_length=500, description="In words: Potassium")

    @model_validator(mode="after")
    def _says_something(self) -> "Coded":
        if not (self.code or self.text):
            raise ValueError("give a code, or a text")
        return self

    @property
    def concept(self) -> JSONObject:
        """As a CodeableConcept."""
        coding = {name: value for name, value in (("system", self.system), ("code", self.code)) if value}
        return {**({"coding": [coding]} if self.code else {}), **({"text": self.text} if self.text else {})}


class About(Writing):
    """Whom it is about, and in which stay."""

    patient: PatientReference = Field(description="The patient: Patient/12")
    encounter: Reference | None = Field(default=None, description="The visit or stay: Encounter/8")


def created(call: Call[Any], index: int, item: JSONObject, into: str, resource: JSONObject) -> JSONObject:
    """The item with the new resource in its field, made once for each run. Raises NodeFailure."""
    where, doing = f"item {index}: {resource['resourceType']}", interactions(call, index)
    resource = accepted(resource, where)
    with failing(where):
        written = doing.create(resource)
    return with_told(item, into, doing, written)


def about(given: About) -> JSONObject:
    """The subject and the encounter."""
    stay = {"encounter": reference(given.encounter)} if given.encounter else {}
    return {"subject": reference(given.patient), **stay}


def reference(text: str) -> JSONObject:
    """As a Reference."""
    return {"reference": text}


def present(**members: Any) -> JSONObject:
    """The members that have a value; a trailing underscore is left out."""
    return {name.rstrip("_"): value for name, value in members.items() if value not in (None, "", [], ())}
