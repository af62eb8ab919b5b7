"""The events' description: whole, and what the code says."""

from pathlib import Path

import jsonschema
import pytest

from penstock.events.asyncapi import document, rendered
from penstock.events.shapes import known_types, shapes

FILE = Path(__file__).parents[4] / "functions" / "openapi" / "asyncapi.json"
DOCUMENT = document(known_types())
MESSAGES = DOCUMENT["components"]["messages"]


def test_what_is_committed_is_what_the_code_says() -> None:
    assert FILE.read_bytes() == rendered(DOCUMENT), (
        "run: python -m penstock.events.asyncapi functions/openapi/asyncapi.json"
    )


def test_every_stored_event_is_described() -> None:
    stored = {f"{kind}.{name}" for kind, types in shapes(known_types()).items() for name in types}
    assert set(MESSAGES) == stored
    assert {
        message["$ref"].rpartition("/")[2] for c in DOCUMENT["channels"].values() for message in c["messages"].values()
    } == stored


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_says_what_happened_and_has_a_schema_that_holds(name: str) -> None:
    message = MESSAGES[name]
    assert message["summary"].endswith(".")
    jsonschema.Draft202012Validator.check_schema(message["payload"])


def test_a_message_is_refused_with_data_of_another_shape() -> None:
    payload = MESSAGES["workflow.WorkflowPublished"]["payload"]["properties"]["data"]
    assert jsonschema.Draft202012Validator(payload).is_valid({"version": 1})
    assert not jsonschema.Draft202012Validator(payload).is_valid({"version": "one"})
