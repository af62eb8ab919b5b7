"""The rights of who settles dead letters."""

import json
from typing import Any

from infra.layers import WingLayers
from tests.infra.sample import SAMPLE, synthesise, write_function

READING = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]


def test_the_grant_reads_dead_letters_and_only_sends_to_the_queues_they_came_from(
    tmp_path: Any, layers: dict[str, WingLayers]
) -> None:
    for name, definition in {
        "engine": SAMPLE["engine"],
        "letters": SAMPLE["healthcare_nodes"].replace("[trigger]", "[grants]\ndead_letters = true\n[trigger]"),
    }.items():
        write_function(tmp_path / "functions", name, definition)
    templates = synthesise("dev", tmp_path / "functions", layers, tmp_path / "out")
    rights = [right for name, right in templates.statements() if "letters" in name.lower()]
    (send,) = [right for right in rights if right["Action"] == "sqs:SendMessage"]
    (read,) = [right for right in rights if right["Action"] == READING]
    assert "DeadLetters" in json.dumps(read["Resource"])
    assert "DeadLetters" not in json.dumps(send["Resource"])
    variables = templates.function("letters")["Environment"]["Variables"]
    assert '\\"consumers\\":{\\"engine\\":false}' in json.dumps(variables["PENSTOCK_DEAD_LETTERS"])
