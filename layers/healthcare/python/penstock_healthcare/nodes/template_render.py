"""healthcare.template.render"""

from typing import Any

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.compliance.document import Format

MOST_DOCUMENTS = 100


class Parameters(NodeParameters):
    """Which document, of what."""

    template: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,63}$", description="The template's id; `penstock templates list` tells them"
    )
    data: dict[str, Any] | None = Field(
        default=None, max_length=200, description="A value for each field; the item's `data` when left out"
    )
    format: Format = Field(default="markdown", description="markdown, or html: a page of its own")


@node_type("healthcare.template.render", kind=Kind.COMPLIANCE, parameters=Parameters)
def render_template(call: Call[Parameters]) -> Outcome:
    """Fill in a compliance document: an authorization, a breach notice, an answer to a patient, a policy, a report.

    Adds `document` to the item: its `template`, `title`, `format`, `text`, and the paragraphs that it `answers`. Fails
    when a field is missing, is not one of the template's, or has no value of its type; all of them are named. Values
    are shown as they are and never become markup. `penstock templates show` tells a template's fields.
    """
    if len(call.items) > MOST_DOCUMENTS:
        raise NodeFailure(
            "TooManyDocuments", f"{len(call.items)} items; at most {MOST_DOCUMENTS} a run", permanent=True
        )
    return Emit.main([_rendered(index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _rendered(index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    from penstock_healthcare.compliance import UnknownTemplate, WrongData, render

    data = item.get("data") if parameters.data is None else parameters.data
    if not isinstance(data, dict):
        raise NodeFailure("WrongData", f"item {index}: data: must be an object", permanent=True)
    try:
        document = render(parameters.template, data)
    except UnknownTemplate as error:
        raise NodeFailure("UnknownTemplate", f"item {index}: template: {error}", permanent=True) from error
    except WrongData as error:
        raise NodeFailure("WrongData", f"item {index}: {error}", permanent=True) from error
    told = {
        "template": document.template,
        "title": document.title,
        "format": parameters.format,
        "answers": list(document.answers),
        "text": document.written(parameters.format),
    }
    return {**item, "document": told}
