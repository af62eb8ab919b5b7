"""healthcare.eligibility.read"""

from typing import Any

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.eligibility.answer import Answer, Status, decide, told
from penstock_healthcare.eligibility.fhir_answer import response
from penstock_healthcare.eligibility.fhir_reading import NoResponse, read_response
from penstock_healthcare.eligibility.inquiry import ServiceType
from penstock_healthcare.eligibility.sources import OtherTrace, check_trace
from penstock_healthcare.eligibility.x12_answer import read_answers
from penstock_healthcare.x12.errors import X12Error
from penstock_healthcare.x12.sources import LARGEST_TEXT, interchange_in

_RESPONSE = "CoverageEligibilityResponse"


class Parameters(NodeParameters):
    """Where the answer is, and what is wanted of it."""

    x12: str | None = Field(
        default=None,
        max_length=LARGEST_TEXT,
        description="The 271, base64 or text; the item's `x12`, `raw` or `body` when left out",
    )
    resource: dict[str, Any] | None = Field(
        default=None,
        description=f"A FHIR {_RESPONSE}; when left out, the item's `resource`, or the item itself, where it is one",
    )
    service_types: tuple[ServiceType, ...] = Field(
        default=("30",), min_length=1, max_length=99, description="The services that have to be covered, all of them"
    )
    trace: str = Field(
        default="",
        max_length=50,
        description="The trace that was asked with: an answer to another question fails. Not looked at when left out",
    )


@node_type(
    "healthcare.eligibility.read",
    kind=Kind.QUERY,
    parameters=Parameters,
    outputs=tuple(status.value for status in Status),
)
def read_about_coverage(call: Call[Parameters]) -> Outcome:
    """Read a payer's answer (an X12 271, or a FHIR CoverageEligibilityResponse) in plain words.

    One item for each patient in it, with `eligibility`: `status`, `reasons`, `services` (covered or not, and why),
    `amounts` (deductible, copay, coinsurance and so on, with what remains; texts with two digits), `periods`, `plan`,
    `rejections` with what to do. An answer in X12 adds `resource`, the same in FHIR. Items leave by `covered` when
    every wanted service is; by `not_covered` when one is not, or the payer did not speak of it; by `rejected` when the
    payer could not answer. Fails on what is no answer, or one to another question.
    """
    ports: dict[str, Items] = {status.value: [] for status in Status}
    for index, (item, parameters) in enumerate(call.each()):
        for answer, resource in _answers(call, index, item, parameters):
            decision = decide(answer, parameters.service_types)
            _check(index, answer, parameters.trace, decision.status is Status.REJECTED)
            ports[decision.status.value].append({**item, **resource, "eligibility": told(answer, decision)})
    return Emit(ports)


def _check(index: int, answer: Answer, trace: str, is_rejected: bool) -> None:
    try:
        check_trace(trace, answer.trace, is_rejected=is_rejected)
    except OtherTrace as error:
        raise NodeFailure("OtherTrace", f"item {index}: {error}", permanent=True) from None


def _answers(
    call: Call[Parameters], index: int, item: JSONObject, parameters: Parameters
) -> list[tuple[Answer, JSONObject]]:
    given = parameters.resource if parameters.x12 is None else None
    found = _resource(item) if given is None and parameters.x12 is None else given
    try:
        if found is not None:
            return [(read_response(found), {})]
        answers = read_answers(interchange_in(item, parameters.x12))
    except (X12Error, NoResponse) as error:
        raise NodeFailure("NoAnswer", f"item {index}: {error}", permanent=True) from None
    return [(answer, {"resource": _written(call, (index, n), answer)}) for n, answer in enumerate(answers)]


def _resource(item: JSONObject) -> JSONObject | None:
    """The response in the item, or the item that is one: core.http.request makes it so of a JSON reply."""
    for each in (item.get("resource"), item.get("body"), item):
        if isinstance(each, dict) and each.get("resourceType") == _RESPONSE:
            return each
    return None


def _written(call: Call[Parameters], place: tuple[int, int], answer: Answer) -> JSONObject:
    return response(answer, id_=str(call.id_for(*place)), time=call.now)
