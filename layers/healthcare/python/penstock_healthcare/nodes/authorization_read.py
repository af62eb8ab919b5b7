"""healthcare.authorization.read"""

from pydantic import Field

from penstock.json import Items
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.authorization.answer import Status, status_of, told
from penstock_healthcare.authorization.x12_answer import read_authorizations
from penstock_healthcare.eligibility.sources import OtherTrace, check_trace
from penstock_healthcare.x12.errors import X12Error
from penstock_healthcare.x12.sources import LARGEST_TEXT, interchange_in


class Parameters(NodeParameters):
    """Where the answer is."""

    x12: str | None = Field(
        default=None,
        max_length=LARGEST_TEXT,
        description="The 278, base64 or text; the item's `x12`, `raw` or `body` when left out",
    )
    trace: str = Field(
        default="",
        max_length=50,
        description="The trace that was asked with: an answer to another request fails. Not looked at when left out",
    )


@node_type(
    "healthcare.authorization.read",
    kind=Kind.QUERY,
    parameters=Parameters,
    outputs=tuple(status.value for status in Status),
)
def read_authorization(call: Call[Parameters]) -> Outcome:
    """Read a payer's answer about an authorisation (an X12 278) in plain words.

    One item for each case in it, with `authorization`: `status`, `number`, `reasons`, `services` with what was decided
    about each, `periods`, `rejections` with what to do. Items leave by `approved`; `changed`, where it is certified in
    part or otherwise than asked; `denied`; `pended`, where the payer has not decided; `rejected`, where it could not.
    Fails on what is no answer, or one to another request.
    """
    ports: dict[str, Items] = {status.value: [] for status in Status}
    for index, (item, parameters) in enumerate(call.each()):
        try:
            answers = read_authorizations(interchange_in(item, parameters.x12))
            for each in answers:
                check_trace(parameters.trace, each.trace, is_rejected=status_of(each) is Status.REJECTED)
        except (X12Error, OtherTrace) as error:
            kind = "OtherTrace" if isinstance(error, OtherTrace) else "NoAnswer"
            raise NodeFailure(kind, f"item {index}: {error}", permanent=True) from None
        for answer in answers:
            ports[status_of(answer).value].append({**item, "authorization": told(answer)})
    return Emit(ports)
