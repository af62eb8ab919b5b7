"""healthcare.document.create"""

import base64
import binascii
from typing import Literal

from pydantic import Field, field_validator, model_validator

from penstock.clock import iso
from penstock.fields import FieldPath
from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, Outcome, node_type
from penstock_healthcare.nodes.clinical import About, Coded, created, present, reference
from penstock_healthcare.nodes.resources import Reference, each

LARGEST_TEXT = 200_000


class Parameters(About):
    """Which document about whom."""

    into: FieldPath = Field(
        default="document",
        description="The field of the item that gets `reference`, `id`, `version`, `created` and `changed`",
    )
    type: Coded = Field(description="What kind of document it is: a discharge letter, a referral letter")
    title: str = Field(default="", max_length=500, description="Its title")
    text: str = Field(default="", max_length=LARGEST_TEXT, description="The document, where it is plain text")
    data: str = Field(default="", max_length=LARGEST_TEXT, description="Or its bytes in base64")
    url: str = Field(default="", max_length=2_000, pattern=r"^(https?://\S+)?$", description="Or where it is kept")
    content_type: str = Field(
        default="text/plain", max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$", description="Its media type"
    )
    author: Reference | None = Field(default=None, description="Who wrote it: Practitioner/3")
    state: Literal["preliminary", "final", "amended"] = Field(default="final", description="Whether it is finished")

    @field_validator("data")
    @classmethod
    def _is_base64(cls, data: str) -> str:
        try:
            base64.b64decode(data, validate=True)
        except binascii.Error:
            raise ValueError("must be base64") from None
        return data

    @model_validator(mode="after")
    def _has_one(self) -> "Parameters":
        if sum(map(bool, (self.text, self.data, self.url))) != 1:
            raise ValueError("give one of text, data and url")
        return self


@node_type("healthcare.document.create", kind=Kind.ACTION, parameters=Parameters)
def create_document(call: Call[Parameters]) -> Outcome:
    """File a document about a patient, as a FHIR DocumentReference.

    Adds `document` to the item: its `reference`, `id` and `version`. It is filed once, however often the node runs.
    """
    return each(call, _filed)


def _filed(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    return created(call, index, item, given.into, _document(call, given))


def _document(call: Call[Parameters], given: Parameters) -> JSONObject:
    data = given.data or base64.b64encode(given.text.encode()).decode()
    attached = present(contentType=given.content_type, data=data, url=given.url, title=given.title)
    stay = {"context": {"encounter": [reference(given.encounter)]}} if given.encounter else {}
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": given.state,
        "type": given.type.concept,
        "subject": reference(given.patient),
        "date": iso(call.now),
        **present(author=[reference(given.author)] if given.author else None),
        "content": [{"attachment": attached}],
        **stay,
    }
