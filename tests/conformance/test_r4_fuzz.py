"""Whatever is put anywhere into an example: validation gives findings, never an error, and never takes long."""

import copy
import json
import random
import time
from collections.abc import Iterator
from typing import Any

from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.formats import write_xml
from penstock_healthcare.fhir.validation.validator import Validator
from tests.conformance import examples

ROUNDS = 2_000
LONGEST = 5.0  # seconds, on a machine that is busy
JSON: list[Any] = [
    None,
    True,
    -1,
    1.5,
    "",
    " ",
    "#",
    "#a",
    "urn:uuid:x",
    "2020-01-01",
    "\ud800",
    [],
    {},
    [None],
    [{}],
    [[]],
    {"id": {}},
    {"reference": "#"},
    {"resourceType": "Patient"},
    {"resourceType": {}},
    {"extension": [{"url": 1}]},
    {"coding": [{"code": {}, "system": []}]},
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each key or index that it has."""
    if isinstance(value, dict | list):
        for place in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, place
            yield from places(value[place])


def spoil(resource: dict[str, Any], chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        container, place = chance.choice(list(places(resource)) or [(resource, "x")])
        container[place] = copy.deepcopy(chance.choice(JSON))
        if isinstance(container, dict) and chance.random() < 0.2:
            container[f"_{place}"] = copy.deepcopy(chance.choice(JSON))


def test_whatever_is_put_anywhere_gives_findings() -> None:
    chance, validator = random.Random(4), Validator()
    files = list(examples.small(20_000))
    for _ in range(ROUNDS):
        file = chance.choice(files)
        resource = json.loads(file.read_bytes())
        spoil(resource, chance)
        start = time.process_time()
        assert isinstance(validator.validate(resource), tuple), file.name
        try:
            validator.validate_text(write_xml(resource).encode("utf-8", "replace"))
        except InvalidResource:
            assert resource["resourceType"] not in validator.definitions.resource_types()
        assert time.process_time() - start < LONGEST, file.name
