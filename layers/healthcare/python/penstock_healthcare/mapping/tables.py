"""The maps of segments and data types, read from `maps/` when first asked for and made ready to run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from penstock.json import JSON
from penstock_healthcare.mapping.notation import Step, lines, source, target, template

MAPS = Path(__file__).with_name("maps")
Place = tuple[str, int, tuple[int, ...]]
"""A segment's id ("" for the one in hand), a field, and the components inside of it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a place is valued, or one of `values`; `wanted` says which answer holds."""

    place: Place
    values: frozenset[str]
    wanted: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a map. `place` is None for what is always said; `type` is "" then."""

    place: Place | None
    target: tuple[Step, ...]
    many: bool
    type: str
    template: JSON
    condition: Condition | None

    @property
    def rank(self) -> int:
        """How much a value must look like the line's to be taken for one, when maps run backwards."""
        return len(str(self.template)) if self.template is not None else 0


@dataclass(frozen=True, slots=True)
class Table:
    """A map: its lines, what its objects cannot be without, the fields that it knows, and those without a place."""

    name: str
    lines: tuple[Line, ...]
    needs: tuple[str, ...]
    resource: str
    """What a data type describes, when that is a resource of its own."""
    known: frozenset[int]
    homeless: dict[int, str]
    """Fields that R4 has no element for, with the reason."""


@cache
def segment(name: str) -> Table:
    """`PID.Patient`: the map of a segment's fields. Raises FileNotFoundError, ValueError."""
    return _table(MAPS / "segments" / f"{name}.map")


@cache
def datatype(name: str) -> Table | None:
    """`CX`: the map of a data type's components; None where there is none."""
    file = MAPS / "datatypes" / f"{name}.map"
    return _table(file) if file.exists() else None


def _table(file: Path) -> Table:
    found, headers, known, homeless = [], {"needs": "", "resource": ""}, set(), {}
    for _, columns in lines(file):
        word, _, rest = columns[0].partition(" ")
        if word in headers:
            headers[word] = rest
            continue
        if columns[2] in ("-", "-!"):
            numbers = [int(each) for each in columns[0].split(",")]
            known.update(numbers)
            homeless.update(dict.fromkeys(numbers, columns[3]) if columns[2] == "-!" else {})
            continue
        line = _line(columns, file)
        found.append(line)
        known.update(_fields(line))
    needs = tuple(headers["needs"].split())
    return Table(file.stem, tuple(found), needs, headers["resource"], frozenset(known), homeless)


def _line(columns: list[str], file: Path) -> Line:
    try:
        path, many = target(columns[1])
        place = None if columns[0] == "*" else source(columns[0])
        kind = "" if place is None else columns[2]
        rest = columns[2:] if place is None else columns[3:]
        shape = template(rest.pop(0)) if rest and rest[0][:1] in '{["' else None
        return Line(place, path, many, kind, shape, condition(rest[0]) if rest else None)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{file.name}: {'  '.join(columns)}: {error}") from error


def condition(text: str) -> Condition:
    """`if 2.1=A,B`, `unless ORC-2`. Raises ValueError."""
    word, _, rest = text.partition(" ")
    if word not in ("if", "unless"):
        raise ValueError(f"{text!r} is no condition")
    place, _, values = rest.partition("=")
    return Condition(source(place), frozenset(values.split(",")) if values else frozenset(), word == "if")


def _fields(line: Line) -> list[int]:
    """The fields of the segment in hand that a line reads."""
    places = [line.place, line.condition.place if line.condition else None]
    own = [place[1] for place in places if place and not place[0]]
    name, _, argument = line.type.partition(":")
    return own + ([int(each) for each in argument.split(",")] if name == "plus" else [])


Holds = Callable[[Condition], bool]
