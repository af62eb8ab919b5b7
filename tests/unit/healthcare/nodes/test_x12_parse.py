"""healthcare.x12.parse, run by the engine's runner."""

import base64
import json
from typing import Any

import pytest

from penstock.workflows.node import NodeFailure
from tests.unit.healthcare.nodes.test_nodes import run
from tests.unit.healthcare.samples import FOLDER

ANSWER = (FOLDER / "x12_271_active.x12").read_text()
NODE = "healthcare.x12.parse"


@pytest.mark.parametrize(
    "item",
    [{"x12": ANSWER}, {"body": ANSWER}, {"raw": base64.b64encode(ANSWER.encode()).decode()}],
    ids=["x12", "body", "raw"],
)
def test_an_interchange_becomes_json_beside_what_the_item_had(item: dict[str, Any]) -> None:
    [found] = run(NODE, {**item, "visit": "V1"})["main"]
    assert (found["visit"], found["findings"]) == ("V1", [])
    [group] = found["interchange"]["groups"]
    [transaction] = group["transactions"]
    assert (found["interchange"]["sender"], transaction["type"]) == ("NORTHPLAN", "271")
    assert {"id": "EB", "1": "I", "3": "35"} in transaction["segments"]
    json.dumps(found)


def test_what_is_wrong_with_the_envelope_is_told() -> None:
    [found] = run(NODE, {"x12": ANSWER.replace("SE*33*", "SE*3*")})["main"]
    assert [each["rule"] for each in found["findings"]] == ["count"]


@pytest.mark.parametrize("item", [{}, {"x12": "Okafor"}, {"x12": "T2thZm9y"}, {"x12": 5}, {"raw": "ISA*Okafor"}])
def test_what_cannot_be_read_fails_and_is_not_quoted(item: dict[str, Any]) -> None:
    with pytest.raises(NodeFailure) as caught:
        run(NODE, item)
    assert (caught.value.kind, caught.value.permanent) == ("NoInterchange", True)
    assert "Okafor" not in str(caught.value)
