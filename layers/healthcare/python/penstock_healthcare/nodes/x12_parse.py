"""healthcare.x12.parse"""

from dataclasses import asdict

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare import x12
from penstock_healthcare.x12.sources import LARGEST_TEXT, interchange_in

_MOST_FINDINGS = 100


class Parameters(NodeParameters):
    """Where the interchange is."""

    x12: str | None = Field(
        default=None,
        max_length=LARGEST_TEXT,
        description="The interchange, base64 or text; the item's `x12`, `raw` or `body` when left out",
    )


@node_type("healthcare.x12.parse", kind=Kind.QUERY, parameters=Parameters)
def parse_x12(call: Call[Parameters]) -> Outcome:
    """Read an X12 interchange into JSON.

    Adds `interchange` to the item: its control number, sender and receiver, and its groups with their transaction sets,
    each segment with its elements by number (`$json.interchange.groups[0].transactions[0].segments`). Adds
    `findings` about the envelope: counts and control numbers that do not agree. What the item had stays. Fails when
    there is no interchange, or none that can be read.
    """
    return Emit.main([_parsed(index, item, parameters) for index, (item, parameters) in enumerate(call.each())])


def _parsed(index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    try:
        interchange = interchange_in(item, parameters.x12)
    except x12.Unparseable as error:
        raise NodeFailure("NoInterchange", f"item {index}: {error}", permanent=True) from error
    findings = [asdict(found) for found in x12.check(interchange)[:_MOST_FINDINGS]]
    return {**item, "interchange": x12.to_json(interchange), "findings": findings}
