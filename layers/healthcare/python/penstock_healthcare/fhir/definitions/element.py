"""An element of a structure, with what is asked of it, its children and its slices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.json import JSON, JSONObject

MANY = "*"
_CHOICE = "[x]"


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One type that an element may have. `targets` are the profiles that a reference may point to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """`maximum` is the value set outside of which no code may be, whatever the strength."""

    strength: str
    value_set: str
    maximum: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant: `severity` is error or warning, `human` says it in words."""

    key: str
    severity: str
    human: str
    expression: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """`discriminators` are pairs of type (value, pattern, type, profile, exists) and FHIRPath."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str = "open"
    is_ordered: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Element:
    """`maximum` None is without limit. `values` holds fixed[x], pattern[x], minValue[x], maxValue[x] by these names.

    `holders` is `Definitions.holder`'s memory: by type, what has the children.
    """

    name: str
    path: str
    minimum: int = 0
    maximum: int | None = 1
    types: tuple[TypeRef, ...] = ()
    is_choice: bool = False
    is_attribute: bool = False
    reference: str = ""
    slice_name: str = ""
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    max_length: int | None = None
    values: Mapping[str, JSON] = field(default_factory=dict)
    slicing: Slicing | None = None
    children: dict[str, "Element"] = field(default_factory=dict)
    slices: list["Element"] = field(default_factory=list)
    structure: Any = None
    holders: "dict[str, Element | None]" = field(default_factory=dict)
    _keys: "dict[str, tuple[Element, str]] | None" = None
    _required: "tuple[Element, ...] | None" = None

    @property
    def keys(self) -> "dict[str, tuple[Element, str]]":
        """JSON member → the child that it is and its type: value[x] has one for each of its types."""
        if self._keys is None:
            self._keys = {key: (child, code) for child in self.children.values() for key, code in child.spellings()}
        return self._keys

    @property
    def required(self) -> "tuple[Element, ...]":
        """The children that must be there."""
        if self._required is None:
            self._required = tuple(child for child in self.children.values() if child.minimum > 0)
        return self._required

    def spellings(self) -> Iterator[tuple[str, str]]:
        """The names that it has in JSON and XML, each with its type's code."""
        if not self.is_choice:
            yield self.name, self.types[0].code if self.types else ""
        else:
            for each in self.types:
                yield f"{self.name}{each.code[0].upper()}{each.code[1:]}", each.code

    def copy(self) -> "Element":
        """A copy whose children and slices are copies."""
        children = {name: child.copy() for name, child in self.children.items()}
        slices = [each.copy() for each in self.slices]
        return replace(self, children=children, slices=slices, holders={}, _keys=None, _required=None)

    def slice(self, name: str) -> "Element":
        """The slice of this name, made when there is none."""
        for each in self.slices:
            if each.slice_name == name:
                return each
        made = replace(self.copy(), slice_name=name, minimum=0, slicing=None, slices=[])
        self.slices.append(made)
        return made

    def apply(self, definition: JSONObject) -> None:
        """Take over what an ElementDefinition says."""
        for name, take in _TAKEN.items():
            if name in definition:
                take(self, definition[name])
        values = {key: value for key, value in definition.items() if key.startswith(_VALUES)}
        if values:
            self.values = {**self.values, **{_value_name(key): (value, key) for key, value in values.items()}}


_VALUES = ("fixed", "pattern", "minValue", "maxValue")


def _value_name(key: str) -> str:
    return next(name for name in _VALUES if key.startswith(name))


def bare(name: str) -> tuple[str, bool]:
    """The name without [x], and whether it had it."""
    return name.removesuffix(_CHOICE), name.endswith(_CHOICE)


def _max(element: Element, value: str) -> None:
    element.maximum = None if value == MANY else int(value)


def _types(element: Element, value: list[JSONObject]) -> None:
    element.types = tuple(
        TypeRef(str(each.get("code", "")), tuple(each.get("profile", ())), tuple(each.get("targetProfile", ())))
        for each in value
    )


def _binding(element: Element, value: JSONObject) -> None:
    old = element.binding
    value_set = value.get("valueSet") or (old.value_set if old else "")
    element.binding = Binding(value.get("strength", "example"), value_set, value.get("maxValueSet", ""))


def _constraints(element: Element, value: list[JSONObject]) -> None:
    fresh = [
        Constraint(
            each.get("key", ""), each.get("severity", "error"), each.get("human", ""), each.get("expression", "")
        )
        for each in value
    ]
    known = {each.key for each in fresh}
    element.constraints = (*(each for each in element.constraints if each.key not in known), *fresh)


def _slicing(element: Element, value: JSONObject) -> None:
    discriminators = tuple(
        (each.get("type", "value"), each.get("path", "$this")) for each in value.get("discriminator", ())
    )
    element.slicing = Slicing(discriminators, value.get("rules", "open"), bool(value.get("ordered", False)))


def _set(attribute: str) -> Any:
    return lambda element, value: setattr(element, attribute, value)


_TAKEN: Mapping[str, Any] = {
    "min": _set("minimum"),
    "max": _max,
    "type": _types,
    "contentReference": _set("reference"),
    "binding": _binding,
    "constraint": _constraints,
    "maxLength": _set("max_length"),
    "slicing": _slicing,
    "representation": lambda element, value: setattr(element, "is_attribute", "xmlAttr" in value),
}
