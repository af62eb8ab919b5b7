"""What is wrong with a text, and what could be read of it."""

from dataclasses import dataclass

from penstock.json import JSONObject

LARGEST = 64_000_000
DEEPEST = 100
MOST_FAULTS = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """`location` is a FHIRPath, or empty for the whole; `message` a sentence that quotes no value."""

    location: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """The resource, None when there is none to be found, and the faults."""

    resource: JSONObject | None
    faults: tuple[Fault, ...] = ()
