"""What reading a message's fields knows beside the field in its hands, and what it found on the way."""

import uuid
from dataclasses import dataclass, field
from datetime import tzinfo

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7 import Message

_RECENT = 20
_NAMESPACE = uuid.UUID("0f4d5c1e-7b0a-5d2e-9c53-6a1f8e3b7d40")


@dataclass
class Run:
    """`zone` is that of timestamps without an offset. `problems` are values that had to be left out, never quoted."""

    message: Message
    zone: tzinfo
    problems: list[JSONObject] = field(default_factory=list)
    mentioned: dict[tuple[str, str], JSONObject] = field(default_factory=dict)
    """Practitioners, organizations, locations that fields name, by type and id."""
    at: str = ""
    """The field being read."""
    original: JSONObject | None = None
    """The concept behind a code, where the code alone does not tell it."""

    def __post_init__(self) -> None:
        self.sender = f"{self.message.value('MSH-4')}/{self.message.value('MSH-3')}"

    def note(self, path: str, rule: str, message: str) -> None:
        """Keep a problem, once."""
        problem = {"path": path, "rule": rule, "message": message}
        if problem not in self.problems[-_RECENT:]:
            self.problems.append(problem)

    def mention(self, resource: JSONObject) -> None:
        """Keep a resource that a field names; the fullest telling of it counts."""
        key = (resource["resourceType"], resource["id"])
        known = self.mentioned.get(key)
        if known is None or len(str(known)) < len(str(resource)):
            self.mentioned[key] = resource


def resource_id(resource_type: str, *parts: str) -> str:
    """A UUID that follows from what identifies the thing, so that the same thing gets the same id every time."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((resource_type, *parts))))


def says(value: JSON) -> bool:
    """Whether a value says something: false and zero do."""
    return bool(value) or value == 0


def cleaned(**elements: JSON) -> JSONObject:
    """The elements that say something."""
    return {name: value for name, value in elements.items() if says(value)}
