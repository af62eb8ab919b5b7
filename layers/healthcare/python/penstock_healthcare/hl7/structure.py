"""Segments grouped by message structure, as chapter grammars draw them, forgiving about order.

A segment belongs to the innermost open group that has a place for it; a group's opening segment, when it comes again,
opens the next one. Segments without a place (Z-segments, surprises) stay with the group they follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from penstock_healthcare.hl7 import standard
from penstock_healthcare.hl7.message import Message
from penstock_healthcare.hl7.segment import Segment


@dataclass(frozen=True, slots=True)
class Rule:
    """A group: the segments that open it, in order, those that may follow, and the groups inside."""

    name: str
    begins: tuple[str, ...]
    holds: frozenset[str]
    groups: tuple["Rule", ...] = ()

    def opened_by(self, segment_id: str) -> bool:
        """Whether this segment can be the first of the group or of a group inside it."""
        return segment_id in self.begins or any(group.opened_by(segment_id) for group in self.groups)


@dataclass(slots=True)
class Group:
    """One occurrence of a rule: its own segments and the groups inside, each in message order."""

    rule: Rule
    segments: list[Segment] = field(default_factory=list)
    groups: list["Group"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As in the standard: ``ORDER_OBSERVATION``."""
        return self.rule.name

    def segment(self, name: str) -> Segment | None:
        """The first with this id, None if there is none."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[Segment]:
        """Its own segments with this id, without those of inner groups."""
        return [segment for segment in self.segments if segment.id == name]

    def find(self, name: str) -> Iterator["Group"]:
        """Inner groups with this name at any depth."""
        for group in self.groups:
            if group.name == name:
                yield group
            yield from group.find(name)

    def _begins_again(self, segment_id: str) -> bool:
        begins = self.rule.begins
        if segment_id not in begins:
            return False
        later = begins[begins.index(segment_id) :]
        return any(segment.id in later for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Observation:
    """An OBX with the notes that follow it."""

    segment: Segment
    notes: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One ordered service and its results: ORC, OBR and notes as sent, None where the sender left them out."""

    patient: Segment | None
    visit: Segment | None
    common: Segment | None
    request: Segment | None
    notes: tuple[Segment, ...]
    observations: tuple[Observation, ...]
    specimens: tuple[Segment, ...]


def _rule(name: str, begins: str, holds: str = "", *groups: Rule) -> Rule:
    return Rule(name, tuple(begins.split()), frozenset((begins + " " + holds).split()), groups)


_VISIT = _rule("VISIT", "PV1", "PV2 PRT")
_INSURANCE = _rule("INSURANCE", "IN1", "IN2 IN3 ROL AUT RF1")
_OBSERVATION = _rule("OBSERVATION", "OBX", "PRT NTE")

STRUCTURES: dict[str, Rule] = {
    "ORU_R01": _rule(
        "ORU_R01",
        "MSH",
        "SFT UAC DSC",
        _rule(
            "PATIENT_RESULT",
            "",
            "",
            _rule("PATIENT", "PID", "PD1 PRT NTE NK1 ARV", _VISIT),
            _rule(
                "ORDER_OBSERVATION",
                "ORC OBR",
                "NTE PRT CTD FT1 CTI",
                _rule("TIMING_QTY", "TQ1", "TQ2"),
                _OBSERVATION,
                _rule("SPECIMEN", "SPM", "OBX NTE"),
            ),
        ),
    ),
    "ORM_O01": _rule(
        "ORM_O01",
        "MSH",
        "SFT UAC NTE",
        _rule("PATIENT", "PID", "PD1 NTE AL1 GT1", _VISIT, _INSURANCE),
        _rule("ORDER", "ORC OBR", "RQD RQ1 RXO ODS ODT NTE CTD DG1 FT1 CTI BLG", _OBSERVATION),
    ),
    "ADT_A01": _rule(
        "ADT_A01",
        "MSH",
        "SFT UAC EVN PID PD1 ARV ROL NK1 PV1 PV2 DB1 OBX AL1 DG1 DRG GT1 ACC UB1 UB2 PDA",
        _rule("PROCEDURE", "PR1", "ROL"),
        _INSURANCE,
    ),
}

"""Those that senders take most liberties with: the versions' grammars in one."""

_FIRST = frozenset({"PATIENT", "VISIT"})
"""Groups that come once, before the others of their parent; a second one belongs to the next parent."""


def group(message: Message, structure: str | None = None) -> Group:
    """The message's segments as the tree of its structure, MSH-9's unless given; flat for a structure unknown here."""
    version = standard.version(message.version).name
    code, event, stated = (message.value(f"MSH-9.{number}") for number in (1, 2, 3))
    name = structure or standard.structure_name(code, event, stated, version) or message.structure
    root = Group(STRUCTURES.get(name) or _standard_rule(name, version))
    stack = [root]
    for segment in message:
        stack = _place(stack, segment)
    return root


@cache
def _standard_rule(name: str, version: str) -> Rule:
    """The structure as the version has it, else as the newest that does."""
    known = (standard.structure(name, each) for each in (version, *reversed(standard.VERSIONS)))
    slot = next(filter(None, known), None)
    return _rule_of(slot) if slot else _rule(name, "MSH")


def _rule_of(slot: standard.Slot) -> Rule:
    segments = [part for part in slot.parts if not part.parts]
    begins: list[str] = []
    for part in () if slot.choice else slot.parts:
        if part.parts:
            break
        begins.append(part.name)
        if part.required:
            break
    groups = tuple(_rule_of(part) for part in slot.parts if part.parts)
    return Rule(slot.name, tuple(begins), frozenset(part.name for part in segments), groups)


def observations(message: Message) -> list[Order]:
    """The results of an ORU, one entry for each OBR, with the patient and visit they belong to."""
    orders = []
    for result in group(message, "ORU_R01").find("PATIENT_RESULT"):
        patients, visits = list(result.find("PATIENT")), list(result.find("VISIT"))
        patient = patients[0].segment("PID") if patients else None
        visit = visits[0].segment("PV1") if visits else None
        orders += [_order(order, patient, visit) for order in result.find("ORDER_OBSERVATION")]
    return orders


def _order(order: Group, patient: Segment | None, visit: Segment | None) -> Order:
    return Order(
        patient,
        visit,
        order.segment("ORC"),
        order.segment("OBR"),
        tuple(order.all("NTE")),
        tuple(_observation(found) for found in order.find("OBSERVATION")),
        tuple(segment for found in order.find("SPECIMEN") for segment in found.all("SPM")),
    )


def _observation(found: Group) -> Observation:
    return Observation(found.all("OBX")[0], tuple(found.all("NTE")))


def _place(stack: list[Group], segment: Segment) -> list[Group]:
    """Put the segment into the group that has a place for it; returns the groups that are open then."""
    for depth in range(len(stack), 0, -1):
        current = stack[depth - 1]
        if segment.id in current.rule.holds and not current._begins_again(segment.id):
            current.segments.append(segment)
            return stack[:depth]
        inner = _opened(current, segment)
        if inner:
            return stack[:depth] + inner
    stack[-1].segments.append(segment)
    return stack


def _opened(parent: Group, segment: Segment) -> list[Group]:
    """New groups from below ``parent`` down to the one that the segment opens; none when it opens none."""
    rule = next((rule for rule in parent.rule.groups if rule.opened_by(segment.id)), None)
    if rule is None or (rule.name in _FIRST and parent.groups):
        return []
    opened = Group(rule)
    parent.groups.append(opened)
    if segment.id in rule.begins:
        opened.segments.append(segment)
        return [opened]
    return [opened, *_opened(opened, segment)]
