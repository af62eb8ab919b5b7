"""Event types of one kind of stream: their shapes, their schema versions, and how old shapes become new ones.

    EVENTS = EventTypes("order")

    @EVENTS.type
    @dataclass(frozen=True, slots=True)
    class OrderPlaced:
        sku: str
        quantity: int = 1

    @EVENTS.upcaster("OrderPlaced", 1)            # from schema version 1 to 2
    def _(data): return {**data, "quantity": data.pop("amount")}

    EVENTS.personal("OrderPlaced", customer="")   # sealed, and blank once it is shredded (`events.personal`)

The schema version of a type is one more than the number of its upcasters. Fields that a stored event has
and its type does not are kept in the store and ignored by the code that reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from penstock.events.errors import UnknownEventType
from penstock.events.model import Draft, Event
from penstock.events.personal import Blank, declare
from penstock.json import JSON, JSONObject

T = TypeVar("T", bound=type)
Upcaster = Callable[[JSONObject], JSONObject]


@dataclass(slots=True)
class _Shape:
    """A type as this code knows it: its fields, how they are read at once, and the schema version it is stored with."""

    make: type
    fields: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    schema: int


class EventTypes:
    """The event types of the streams of one `kind`. Types are frozen dataclasses of JSON values."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.types: dict[str, type] = {}
        self._shapes: dict[str, _Shape] = {}
        self._upcasters: dict[str, dict[int, Upcaster]] = {}

    def type(self, cls: T) -> T:
        """Register a dataclass under its own name."""
        name = cls.__name__
        names = tuple(field.name for field in fields(cls))
        self.types[name] = cls
        self._shapes[name] = _Shape(cls, names, _reader(names), self.schema(name))
        return cls

    def upcaster(self, event_type: str, from_schema: int) -> Callable[[Upcaster], Upcaster]:
        """Register a pure function that turns data of `from_schema` into data of the version after it."""

        def register(function: Upcaster) -> Upcaster:
            self._upcasters.setdefault(event_type, {})[from_schema] = function
            if event_type in self._shapes:
                self._shapes[event_type].schema = self.schema(event_type)
            return function

        return register

    def personal(self, *event_types: str, **fields: JSON | Blank) -> None:
        """Declare fields of types as personal, each with its blank: a value, or a function of the value.

        Raises ValueError for a field that a type does not have.
        """
        for event_type in event_types:
            if missing := fields.keys() - set(self._shapes[event_type].fields):
                raise ValueError(f"{self.kind}.{event_type} has no field {min(missing)}")
            declare(self.kind, event_type, fields)

    def upcasters(self, event_type: str) -> Mapping[int, Upcaster]:
        """The type's upcasters, by the schema version that each one takes."""
        return self._upcasters.get(event_type, {})

    def schema(self, event_type: str) -> int:
        """The schema version that new events of the type are stored with."""
        return len(self._upcasters.get(event_type, ())) + 1

    def draft(self, event: Any, time: datetime) -> Draft:
        """A domain event as the store takes it."""
        name = type(event).__name__
        shape = self._shapes[name]
        data = dict(zip(shape.fields, shape.values(event)))  # noqa: B905 - of one length: both are the class's
        return Draft(name, data, time, shape.schema)

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
        shape = self._shapes[event.type]
        if tuple(data) == shape.fields:
            return shape.make(**data)
        return shape.make(**{field: data[field] for field in shape.fields if field in data})


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads an event's fields at once: many are drafted a second."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)
