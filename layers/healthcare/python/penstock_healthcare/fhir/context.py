"""What a mapping knows beside the segment in its hands, and what it found on the way."""

import uuid
from dataclasses import dataclass, field
from datetime import tzinfo

from penstock.json import JSONObject
from penstock_healthcare.hl7 import Message

_NAMESPACE = uuid.UUID("0f4d5c1e-7b0a-5d2e-9c53-6a1f8e3b7d40")


@dataclass(frozen=True)
class Context:
    """`zone` is that of timestamps without an offset. `problems` are values that had to be left out, never quoted."""

    message: Message
    zone: tzinfo
    problems: list[JSONObject] = field(default_factory=list)

    @property
    def sender(self) -> str:
        """Who issues identifiers that name no authority."""
        facility, application = self.message.value("MSH-4"), self.message.value("MSH-3")
        return f"{facility}/{application}"

    def note(self, path: str, rule: str, message: str) -> None:
        """Keep a problem."""
        self.problems.append({"path": path, "rule": rule, "message": message})


def resource_id(resource_type: str, *parts: str) -> str:
    """A UUID that follows from what identifies the thing, so that the same thing gets the same id every time."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((resource_type, *parts))))
