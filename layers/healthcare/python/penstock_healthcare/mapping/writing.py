"""Runs a map backward: the elements of an object → fields or components."""

import itertools
from collections.abc import Collection, Iterator
from functools import cache
from typing import TypeAlias

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7.standard import field_rules
from penstock_healthcare.mapping import tables
from penstock_healthcare.mapping.backward import NAMED, PLAIN, Resolve, Tree, Writer, minutes_between
from penstock_healthcare.mapping.notation import Step
from penstock_healthcare.mapping.observing import WHOLE
from penstock_healthcare.mapping.reading import ALTERNATE
from penstock_healthcare.mapping.tables import Line, Table

Fields: TypeAlias = dict[int, list[Tree]]
"""Repetitions by the field's number."""
_VERSION = "2.5.1"
"""Whose word counts for which fields repeat."""
_SHOWN = "display"
"""The element of a template that only a reader reads."""


@cache
def writer(kind: str) -> Writer | None:
    """What a map's type column writes; None for what only reads."""
    name, _, argument = kind.partition(":")
    if kind in PLAIN:
        return PLAIN[kind]
    if name in NAMED:
        return NAMED[name](argument)
    table = tables.datatype(argument if name == "ref" else name)
    if table is None:
        return None
    if name == "ref":
        return lambda value, resolve: write_part(table, _meant(value, table, resolve), resolve)
    return lambda value, resolve: write_part(table, value, resolve)


def write(table: Table, obj: JSONObject, resolve: Resolve, fields: Fields) -> None:
    """Add to the fields what the map finds in the object; fields that are there stay."""
    claimed: set[int] = set()
    for line in _ordered(table):
        if line.place is None or line.place[0] or line.type in WHOLE or _stands_in(line, fields):
            continue
        _, number, inner = line.place
        if line.type.startswith("plus:"):
            _write_duration(line, obj, fields)
        elif trees := _trees(line, obj, resolve, claimed, one=not _repeats(table.name[:3], number)):
            if inner:
                _set(fields.setdefault(number, [{}]), inner, trees[0])
            else:
                _merge(fields, number, trees)
    for line in table.lines:
        if line.type in WHOLE:
            WHOLE[line.type](obj, resolve, fields)


@cache
def _repeats(segment: str, number: int) -> bool:
    """Whether a field takes several repetitions."""
    rules = field_rules(segment, _VERSION) or ()
    rule = rules[number] if number < len(rules) else None
    return rule is None or rule.most != 1


def write_part(table: Table, obj: JSON, resolve: Resolve) -> Tree | None:
    """A composite: the components that a data type's map makes of an object; None where it is not such an object."""
    if not isinstance(obj, dict) or not all(_is_said(line, obj) for line in table.lines if line.place is None):
        return None
    found, claimed = dict[int, Tree](), set[int]()
    for line in _ordered(table):
        if line.place is None or _stands_in(line, found):
            continue
        _, number, inner = line.place
        trees = _trees(line, obj, resolve, claimed, one=line.type != "words")
        if not trees:
            continue
        if not line.target:
            _join(found, number, trees[0])
        elif line.type == "words":
            found.setdefault(number, " ".join(str(each) for each in trees))
        else:
            _set_in(found, (number, *inner), trees[0])
    return found or None


def _ordered(table: Table) -> list[Line]:
    """The most telling first: templates, then plain lines, then what stands in for others, then what only reads."""
    return sorted(table.lines, key=lambda line: (_is_spare(line), line.type.startswith("code?"), -line.rank))


def _is_spare(line: Line) -> bool:
    condition = line.condition
    return condition is not None and not condition.wanted and not condition.values and not condition.place[0]


def _stands_in(line: Line, written: Collection[int]) -> bool:
    """Whether another field says already what the line would only say without it."""
    if not _is_spare(line) or line.condition is None:
        return False
    return line.condition.place[1] in written


def _is_said(line: Line, obj: JSONObject) -> bool:
    """Whether the object is of the kind that a line's constant tells; one that tells no kind may be."""
    value = _at(obj, line.target)
    return value is None or _matches(line.template, value, [])


def _merge(fields: Fields, number: int, trees: list[Tree]) -> None:
    """Components that another line has not written join the field's first repetition."""
    there = fields.setdefault(number, trees)
    first, more = there[0], trees[0]
    if there is not trees and isinstance(first, dict) and isinstance(more, dict) and not set(first) & set(more):
        there[0] = first | more


def _join(found: dict[int, Tree], number: int, tree: Tree) -> None:
    """What is written of a whole object: its own components (0), or those inside of one."""
    parts = tree if isinstance(tree, dict) else {1: tree}
    if number == 0:
        found |= parts
    else:
        there = found.get(number, {})
        found[number] = {**(there if isinstance(there, dict) else {1: there}), **parts}


def _trees(line: Line, obj: JSONObject, resolve: Resolve, claimed: set[int], one: bool = False) -> list[Tree]:
    """What the line writes of the object: of a repeating element, what no line before has taken, or `one` of that."""
    write_value = writer(line.type)
    if write_value is None or not line.target:
        return [tree] if write_value and (tree := write_value(obj, resolve)) else []
    if sent := _as_sent(line, obj):
        return sent
    found: list[Tree] = []
    for key, value in _values(line, obj):
        inside = captured(line.template, value) if line.template is not None else value
        if key in claimed or inside is None:
            continue
        tree = write_value(inside, resolve)
        if tree:
            found.append(tree)
            if line.many:
                claimed.add(key)
        if found and (one or not line.many):
            break
    return found


def _as_sent(line: Line, obj: JSONObject) -> list[Tree]:
    """The codes that were sent, where the message's code was kept beside FHIR's."""
    if not line.type.startswith("code:"):
        return []
    here = _at(obj, line.target[:-1])
    beside = here.get(f"_{line.target[-1]}") if isinstance(here, dict) else None
    found: list[Tree] = []
    for each in beside if isinstance(beside, list) else [beside]:
        for extension in (each or {}).get("extension", ()):
            if extension.get("url") == ALTERNATE:
                codings = extension.get("valueCodeableConcept", {}).get("coding", ())
                found += [coding["code"] for coding in codings if coding.get("code")]
    return found


def _values(line: Line, obj: JSONObject) -> Iterator[tuple[int, JSON]]:
    """What stands at the line's target, with what tells one from another."""
    found = _at(obj, line.target)
    if found is None:
        return
    if not line.many or not isinstance(found, list):
        yield id(found), found
        return
    for place, value in enumerate(found):
        yield (id(value) if isinstance(value, dict) else hash((line.target, place))), value


def _at(obj: JSON, steps: tuple[Step, ...]) -> JSON:
    for step in steps:
        if isinstance(step, int):
            obj = obj[step] if isinstance(obj, list) and step < len(obj) else None
        else:
            obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def captured(shape: JSON, value: JSON) -> JSON:
    """What stands in the template's place in a value that looks like it; None for one that does not."""
    found: list[JSON] = []
    if not _matches(shape, value, found) or not found:
        return None
    if isinstance(shape, dict) and all(each == "$" for each in shape.values()) and set(value) - set(shape):
        return None
    return found[0]


def _matches(shape: JSON, value: JSON, found: list[JSON]) -> bool:
    if shape == "$":
        found.append(value)
        return value is not None
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            (name == _SHOWN and part != "$") or _matches(part, value.get(name), found) for name, part in shape.items()
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(any(_matches(part, each, found) for each in value) for part in shape)
    return bool(shape == value)


def _meant(value: JSON, table: Table, resolve: Resolve) -> JSONObject | None:
    """The resource that a reference means, or what the reference itself tells of it; None for one of another type."""
    if not isinstance(value, dict):
        return None
    resource, stated = resolve(value), value.get("type") or str(value.get("reference", "")).partition("/")[0]
    if resource is not None:
        return resource if resource["resourceType"] == table.resource else None
    if stated not in ("", table.resource) and not stated.startswith("urn:"):
        return None
    number, display = value.get("identifier"), value.get("display", "")
    name = display if table.resource == "Organization" else [{"family": display}]
    return {**({"identifier": [number]} if number else {}), **({"name": name} if display else {})}


def _write_duration(line: Line, obj: JSONObject, fields: Fields) -> None:
    """`plus:9,10`: the minutes between the beginning and the end that the line tells."""
    amount, unit = (int(each) for each in line.type.partition(":")[2].split(","))
    length = minutes_between(_at(obj, (*line.target[:-1], "start")), _at(obj, line.target))
    if length and length != "0":
        fields.setdefault(amount, [length])
        if unit:
            fields.setdefault(unit, ["MIN"])


def _set(repetitions: list[Tree], inner: tuple[int, ...], tree: Tree) -> None:
    first = repetitions[0]
    here: dict[int, Tree] = first if isinstance(first, dict) else {1: first}
    repetitions[0] = here
    _set_in(here, inner, tree)


def _set_in(here: dict[int, Tree], steps: tuple[int, ...], tree: Tree) -> None:
    for step, _ in itertools.pairwise(steps):
        inside = here.setdefault(step, {})
        if not isinstance(inside, dict):
            inside = here[step] = {1: inside}
        here = inside
    here.setdefault(steps[-1], tree)
