"""Event types of one kind of stream: their shapes, their schema versions, and how old shapes become new ones.

    EVENTS = EventTypes("order")

    @EVENTS.type
    @dataclass(frozen=True, slots=True)
    class OrderPlaced:
        sku: str
        quantity: int = 1

    @EVENTS.upcaster("OrderPlaced", 1)            # from schema version 1 to 2
    def _(data): return {**data, "quantity": data.pop("amount")}

The schema version of a type is one more than the number of its upcasters. Fields that a stored event has
and its type does not are kept in the store and ignored by the code that reads.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from penstock.events.errors import UnknownEventType
from penstock.events.model import Draft, Event
from penstock.json import JSONObject

T = TypeVar("T", bound=type)
Upcaster = Callable[[JSONObject], JSONObject]


class EventTypes:
    """The event types of the streams of one `kind`. Types are frozen dataclasses of JSON values."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.types: dict[str, type] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        self._values: dict[str, Callable[[Any], tuple[Any, ...]]] = {}
        self._upcasters: dict[str, dict[int, Upcaster]] = {}

    def type(self, cls: T) -> T:
        """Register a dataclass under its own name."""
        name = cls.__name__
        self.types[name] = cls
        names = self._fields[name] = tuple(field.name for field in fields(cls))
        self._values[name] = _reader(names)
        return cls

    def upcaster(self, event_type: str, from_schema: int) -> Callable[[Upcaster], Upcaster]:
        """Register a pure function that turns data of `from_schema` into data of the version after it."""

        def register(function: Upcaster) -> Upcaster:
            self._upcasters.setdefault(event_type, {})[from_schema] = function
            return function

        return register

    def schema(self, event_type: str) -> int:
        """The schema version that new events of the type are stored with."""
        return len(self._upcasters.get(event_type, ())) + 1

    def draft(self, event: Any, time: datetime) -> Draft:
        """A domain event as the store takes it."""
        name = type(event).__name__
        data = dict(zip(self._fields[name], self._values[name](event), strict=True))
        return Draft(name, data, time, self.schema(name))

    def upcast(self, event: Event) -> JSONObject:
        """The event's data in the newest shape. Raises UnknownEventType."""
        newest = self.schema(event.type)
        if event.type not in self.types or event.schema > newest:
            raise UnknownEventType(self.kind, event.type, event.schema)
        data = event.data
        for schema in range(event.schema, newest):
            data = self._upcasters[event.type][schema](dict(data))
        return data

    def decode(self, event: Event) -> Any:
        """A stored event as its domain type. Raises UnknownEventType."""
        data = self.upcast(event)
        known = self._fields[event.type]
        return self.types[event.type](**{field: data[field] for field in known if field in data})


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads an event's fields at once: many are drafted a second."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)
