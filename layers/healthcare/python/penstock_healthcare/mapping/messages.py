"""The maps of messages, read from `maps/messages`: their groups, and what each segment speaks of.

    for ADT^A01 ADT                       the types, or types with events, that the map is of
    PV1  Encounter  key=@visit  subject=Patient
    NK1  Patient.contact[]
    - OBSERVATION: OBX                    a group, with the segments that open it; what is indented is inside
      OBX  Observation  key=@order,3,4,#  subject=Patient  DiagnosticReport.result[]

The second column is the resource, or the element of it, that the map `<segment>.<its last name>` fills. With `+` each
segment has a resource of its own; with `~` it is only mentioned: the message knows too little to overwrite what others
told. A `key` makes the resource, and its id; lines without one add to a resource that is there. A key is of resources'
ids, fields (`3|4`: the first that is valued), `#` (which of several equal ones), and `@` functions of `identity`.
Then come links, to a resource of the nearest group that has one (`subject=Patient`) or from it
(`DiagnosticReport.result[]`, `Appointment.participant[].actor`), and a condition, last.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property

from penstock_healthcare.mapping.notation import Step, lines, target
from penstock_healthcare.mapping.tables import MAPS, Condition, condition

FOLDER = MAPS / "messages"
_COMMON = "message"


@dataclass(frozen=True, slots=True)
class Link:
    """An element that refers to a `slot`; `backward`: an element of that slot that refers to what the rule makes.

    `inside` is where in each repetition of the element the reference stands; "" where it is the repetition.
    """

    slot: str
    element: tuple[Step, ...]
    many: bool
    backward: bool = False
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a segment says of a resource, or of an `element` of it."""

    segment: str
    slot: str
    element: str
    each: bool
    mention: bool
    key: tuple[str, ...]
    links: tuple[Link, ...]
    condition: Condition | None

    @property
    def table(self) -> str:
        """The name of the segment's map."""
        return f"{self.segment}.{self.element.removesuffix('[]') or self.slot}"


@dataclass
class Node:
    """A group of a message: the segments that open it, its rules by segment, and the groups inside."""

    name: str
    begins: tuple[str, ...] = ()
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    groups: list["Node"] = field(default_factory=list)

    @cached_property
    def holds(self) -> frozenset[str]:
        """The segments that have a place in the group itself."""
        return frozenset(self.rules) | frozenset(self.begins)

    @cached_property
    def everywhere(self) -> frozenset[str]:
        """The segments that have a place in the group or in one inside it."""
        return self.holds.union(*(group.everywhere for group in self.groups))

    @cached_property
    def opens(self) -> frozenset[str]:
        """The segments that can be the first of the group or of a group inside it."""
        return frozenset(self.begins).union(*(group.opens for group in self.groups))


@cache
def types() -> dict[str, str]:
    """The map's name by message type, or type and event."""
    found = {}
    for file in sorted(FOLDER.glob("*.map")):
        for _, columns in lines(file):
            word, *names = columns[0].split(" ")
            if word == "for":
                found.update(dict.fromkeys(names, file.stem))
    return found


def map_of(message_type: str) -> str | None:
    """The name of the map for `ADT^A01`; None where there is none."""
    known = types()
    return known.get(message_type) or known.get(message_type.partition("^")[0])


@cache
def message(name: str) -> Node:
    """The map of a message, with what is common to all. Raises FileNotFoundError, ValueError."""
    root = Node(name)
    for file in (_COMMON, name):
        stack = [(-1, root)]
        for indent, columns in lines(FOLDER / f"{file}.map"):
            if columns[0].startswith("for "):
                continue
            while stack[-1][0] >= indent:
                stack.pop()
            around = stack[-1][1]
            if columns[0].startswith("- "):
                title, _, begins = columns[0][2:].partition(":")
                inner = Node(title, tuple(begins.split()))
                around.groups.append(inner)
                stack.append((indent, inner))
            else:
                around.rules.setdefault(columns[0], []).append(_rule(columns))
    return root


def _rule(columns: list[str]) -> Rule:
    segment, subject, *rest = columns
    slot, _, element = subject.rstrip("~+").partition(".")
    when = condition(rest.pop()) if rest and rest[-1].startswith(("if ", "unless ")) else None
    keys = [each for each in rest if each.startswith("key=")]
    key = tuple(keys[0].removeprefix("key=").split(",")) if keys else ()
    links = tuple(_link(each) for each in rest if not each.startswith("key="))
    return Rule(segment, slot, element, "+" in subject, "~" in subject, key, links, when)


def _link(text: str) -> Link:
    element, equals, slot = text.partition("=")
    if equals:
        return Link(slot, *target(element))
    slot, _, rest = text.partition(".")
    element, many, inside = rest.partition("[]")
    return Link(slot, target(element)[0], bool(many), True, inside.removeprefix("."))
