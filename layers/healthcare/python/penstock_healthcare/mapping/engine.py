"""Runs a message's map: its segments → resources, their ids, and the references between them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from penstock.json import JSONObject, loads
from penstock_healthcare.hl7 import NULL, Message, Segment
from penstock_healthcare.mapping import messages, tables
from penstock_healthcare.mapping.finishing import FINISHES, repair
from penstock_healthcare.mapping.frames import Frame, Made, Placed, frames
from penstock_healthcare.mapping.identity import KEYS
from penstock_healthcare.mapping.messages import Link, Rule
from penstock_healthcare.mapping.notation import Step, target
from penstock_healthcare.mapping.reading import fill, holds, reach
from penstock_healthcare.mapping.run import Run, resource_id


@dataclass
class Outcome:
    """All that the message says, by `Type/id`; `mentioned` are those of them that it knows too little of to say."""

    resources: dict[str, JSONObject]
    mentioned: frozenset[str]
    problems: list[JSONObject]
    unmapped: list[JSONObject]


@dataclass
class _Work:
    """`read` is what maps have taken of each segment: None while no map knows it."""

    run: Run
    root: Frame
    header: Segment
    read: dict[int, frozenset[int] | None] = field(default_factory=dict)
    homeless: dict[tuple[int, int], str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    elements: list[Made] = field(default_factory=list)
    linked: set[tuple[int, tuple[Step, ...], str]] = field(default_factory=set)


def run(name: str, message: Message, context: Run) -> Outcome:
    """Map a message by the map of this name."""
    placed = frames(message, messages.message(name))
    work = _Work(context, placed[0][0], message.segment("MSH"))
    for frame, segment in placed:
        _read(frame, segment, work)
    for frame in work.root.walk():
        for made in frame.made:
            made.is_dropped = made.owner is None and not _suffices(made, work)
        frame.made = [made for made in frame.made if not made.is_dropped]
    everything = [made for frame in work.root.walk() for made in frame.made]
    for made in everything:
        made.id = _id(made, work)
    for made in everything:
        _join(made, work)
    for made in work.elements:
        _place_element(made, work)
    return _outcome(work)


def _read(frame: Frame, placed: Placed, work: _Work) -> None:
    """Fill what the segment speaks of."""
    around = _around(frame, work)
    for rule in frame.node.rules.get(placed.segment.id, ()):
        if rule.condition is None or holds(rule.condition, placed.segment, around):
            _apply(rule, placed, frame, around, work)


def _around(frame: Frame, work: _Work) -> Callable[[str], Segment | None]:
    return lambda name: work.header if name == "MSH" else frame.nearest(name)


def _apply(rule: Rule, placed: Placed, frame: Frame, around: Callable[[str], Segment | None], work: _Work) -> None:
    made = _maker(rule, placed, frame)
    if made is None:
        work.reasons.setdefault(id(placed), f"there is no {rule.slot} for it to tell of")
        return
    if made.owner is not None:
        work.elements.append(made)
    if rule not in made.rules:
        made.rules.append(rule)
    table = tables.segment(rule.table)
    work.read[id(placed)] = (work.read.get(id(placed)) or frozenset()) | table.known
    for number, reason in table.homeless.items():
        work.homeless[id(placed), number] = reason
    fill(table, placed.segment, around, work.run, placed.name, made.obj)


def _maker(rule: Rule, placed: Placed, frame: Frame) -> Made | None:
    """What the segment speaks of, made where the rule makes it; None where there is nothing to add to."""
    if rule.element:
        owner = frame.known(rule.slot)
        made = Made(rule.slot, frame, {}, placed, [], owner=owner) if owner else None
    else:
        here = (made for made in frame.made if made.slot == rule.slot and made.owner is None)
        if not rule.each and (made := next(here, None)):
            return made
        if not rule.key:
            return frame.known(rule.slot)
        made = Made(rule.slot, frame, {}, placed, [], rule.mention)
    if made is not None:
        frame.made.append(made)
        placed.made.append(made)
    return made


def _suffices(made: Made, work: _Work) -> bool:
    """Whether it says what it cannot be without; noted where it does not, and something was sent."""
    missing = [need for rule in made.rules for need in tables.segment(rule.table).needs if not _has(made.obj, need)]
    if missing and made.slot not in _SILENT:
        work.run.note(made.first.name, "incomplete", f"no {made.slot} made: nothing says its {missing[0]}")
    return not missing


def _has(obj: JSONObject, need: str) -> bool:
    return any(name in obj for name in need.split("|"))


def _id(made: Made, work: _Work) -> str:
    """The id that follows from the first key of the rules; elements have none."""
    if made.owner is not None:
        return ""
    if not made.id:
        key = next(rule.key for rule in made.rules if rule.key)
        parts = [found for part in key if part != "#" for found in _part(part, made, work)]
        if "#" in key:
            counted = (made.slot, *parts)
            parts.append(str(work.counts[counted]))
            work.counts[counted] += 1
        made.id = resource_id(made.slot, *parts)
    return made.id


def _part(part: str, made: Made, work: _Work) -> tuple[str, ...]:
    if part.startswith("@"):
        return KEYS[part[1:]](made.frame, work.run)
    if part[0].isdecimal():
        segment = made.first.segment
        for number in map(int, part.split("|")):
            if found := segment.value(number) or segment.value(number, component=2):
                return (found,)
        return ("",)
    other = made.frame.resolve(part)
    return (_id(other, work),) if other else ("",)


def _join(made: Made, work: _Work) -> None:
    for rule in made.rules:
        for link in rule.links:
            _link(link, made, work)


def _link(link: Link, made: Made, work: _Work) -> None:
    other = made.frame.resolve(link.slot, made.first)
    near, far = (other, made) if link.backward else (made, other)
    reference = _reference(far) if far is not None else None
    if near is None or far is None or reference is None:
        return
    here, last = reach(near.obj, link.element), link.element[-1]
    value = {link.inside: reference} if link.inside else reference
    if not link.many:
        here.setdefault(last, value)
    elif (key := (id(near), link.element, far.reference)) not in work.linked:
        work.linked.add(key)
        here.setdefault(last, []).append(value)


def _reference(made: Made) -> JSONObject | None:
    """A reference by id; to what is only mentioned, by its identifier as well, and none where it has none."""
    if not made.mention:
        return {"reference": made.reference}
    number = next(iter(made.obj.get("identifier", ())), None)
    return {"reference": made.reference, "type": made.slot, "identifier": number} if number else None


def _place_element(made: Made, work: _Work) -> None:
    """Add an element to its resource, when it says what it must."""
    owner = made.owner
    if owner is None or not made.obj or not _suffices(made, work):
        return
    steps, many = target(made.rules[0].element)
    here, last = reach(owner.obj, steps), steps[-1]
    if many:
        here.setdefault(last, []).append(made.obj)
    else:
        here.setdefault(last, made.obj)


def _outcome(work: _Work) -> Outcome:
    found: dict[str, JSONObject] = {}
    mentioned = set()
    for made in (made for frame in work.root.walk() for made in frame.made if made.owner is None):
        if made.mention and not made.obj.get("identifier"):
            work.read[id(made.first)] = None
            work.reasons[id(made.first)] = f"{made.slot} without an identifier: nothing to refer to"
            continue
        if made.reference in found and made.slot not in _SILENT:
            work.run.note(made.first.name, "told-twice", f"{made.slot}: the last telling of it counts")
        found[made.reference] = {"resourceType": made.slot, "id": made.id, **made.obj}
        if made.mention:
            mentioned.add(made.reference)
    for (kind, name), resource in work.run.mentioned.items():
        if f"{kind}/{name}" not in found:
            found[f"{kind}/{name}"] = resource
            mentioned.add(f"{kind}/{name}")
    for resource in found.values():
        _finish(resource, found, work.run)
    return Outcome(found, frozenset(mentioned), work.run.problems, _unmapped(work))


def _finish(resource: JSONObject, found: dict[str, JSONObject], context: Run) -> None:
    """What R4 asks of it beside what the message says."""
    kind = resource["resourceType"]
    if kind in FINISHES:
        FINISHES[kind](resource, found, context)
    for name, value in _defaults().get(kind, {}).items():
        resource.setdefault(name, value)
    repair(resource, context)


@cache
def _defaults() -> dict[str, JSONObject]:
    return dict(loads((tables.MAPS / "defaults.json").read_bytes()))


def _unmapped(work: _Work) -> list[JSONObject]:
    """What no map has a place for, by segment or field, with the reason."""
    found = []
    for frame in work.root.walk():
        for placed in frame.segments:
            known = work.read.get(id(placed))
            if known is None:
                found.append(_note(placed.name, work.reasons.get(id(placed)) or _unplaced(placed, work)))
                continue
            for number, text in enumerate(placed.segment.fields):
                if number and text.strip("^~&") and text != NULL and (reason := _reason(placed, number, known, work)):
                    found.append(_note(f"{placed.name}-{number}", reason))
    return found


def _unplaced(placed: Placed, work: _Work) -> str:
    if placed.segment.id in work.root.node.everywhere:
        return "it stands where the message has no place for it"
    return "no map of this message has a place for the segment"


def _reason(placed: Placed, number: int, known: frozenset[int], work: _Work) -> str:
    """Why a field is not mapped; "" where it is."""
    if number not in known:
        return "no map has a place for the field"
    return work.homeless.get((id(placed), number), "")


def _note(path: str, reason: str) -> JSONObject:
    return {"path": path, "rule": "not-mapped", "message": reason}


_SILENT = frozenset({"Account"})
"""Made of one field of a segment: where that is empty, nothing is missing."""
