"""A message's segments in the groups of its map, forgiving about order, and what they came to make.

A segment belongs to the innermost open group that has a place for it; a group's opening segment, when it comes again,
opens the next one. Segments without a place stay with the group they follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from penstock.json import JSONObject
from penstock_healthcare.hl7 import Message, Segment
from penstock_healthcare.mapping.messages import Node, Rule


@dataclass(slots=True, eq=False)
class Placed:
    """A segment with its name in findings: `OBX[2]`."""

    segment: Segment
    name: str
    made: list["Made"] = field(default_factory=list)
    """What it was the first to speak of."""


@dataclass(slots=True, eq=False)
class Made:
    """A resource in the making, or an element of one (`owner`), with the rules and the segments that speak of it."""

    slot: str
    frame: "Frame"
    obj: JSONObject
    first: Placed
    rules: list[Rule]
    mention: bool = False
    owner: "Made | None" = None
    id: str = ""
    is_dropped: bool = False
    """It says too little to be one."""

    @property
    def reference(self) -> str:
        """`Patient/1f3…`."""
        return f"{self.slot}/{self.id}"


@dataclass(slots=True, eq=False)
class Frame:
    """One occurrence of a group; `ordinal` counts those of its name in the message from 0."""

    node: Node
    parent: "Frame | None" = None
    ordinal: int = 0
    segments: list[Placed] = field(default_factory=list)
    inner: list["Frame"] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    _below: dict[str, list[Made]] = field(default_factory=dict)

    def nearest(self, name: str) -> Segment | None:
        """The first segment with this id of the group, or of the nearest around it that has one."""
        frame: Frame | None = self
        while frame is not None:
            for placed in frame.segments:
                if placed.segment.id == name:
                    return placed.segment
            frame = frame.parent
        return None

    def known(self, slot: str) -> Made | None:
        """What was made last in this slot, so far: here, or in the nearest group around or inside of that."""
        frame: Frame | None = self
        while frame is not None:
            if found := next(frame._latest(slot), None):
                return found
            frame = frame.parent
        return None

    def _latest(self, slot: str) -> Iterator[Made]:
        yield from (made for made in reversed(self.made) if made.slot == slot and made.owner is None)
        for frame in reversed(self.inner):
            yield from frame._latest(slot)

    def resolve(self, slot: str, placed: Placed | None = None) -> Made | None:
        """The resource that a link means: of the same segment, else the only one of the nearest group that has any."""
        for made in placed.made if placed else ():
            if made.slot == slot and made.owner is None and not made.is_dropped:
                return made
        frame: Frame | None = self
        while frame is not None and not (found := frame.below(slot)):
            frame = frame.parent
        if frame is None or len(found) == 1:
            return found[0] if frame else None
        here = [made for made in frame.made if made.slot == slot and made.owner is None]
        return here[0] if len(here) == 1 else None

    def below(self, slot: str) -> list[Made]:
        """All that was made in this slot, here and in the groups inside. Asked only when all is made."""
        if slot not in self._below:
            found = [made for made in self.made if made.slot == slot and made.owner is None]
            for frame in self.inner:
                found += frame.below(slot)
            self._below[slot] = found
        return self._below[slot]

    def walk(self) -> Iterator["Frame"]:
        """This group and all inside, in message order."""
        yield self
        for frame in self.inner:
            yield from frame.walk()


def frames(message: Message, node: Node) -> list[tuple[Frame, Placed]]:
    """The message's segments in order, each with its group; the first group is the outermost."""
    root, found = Frame(node), []
    stack, counts = [root], dict[str, int]()
    for placed in _placed(message):
        stack = _place(stack, placed, counts)
        found.append((stack[-1], placed))
    return found


def _placed(message: Message) -> list[Placed]:
    segments = message.segments()
    seen: dict[str, int] = {}
    totals: dict[str, int] = {}
    for segment in segments:
        totals[segment.id] = totals.get(segment.id, 0) + 1
    found = []
    for segment in segments:
        number = seen[segment.id] = seen.get(segment.id, -1) + 1
        found.append(Placed(segment, f"{segment.id}[{number}]" if totals[segment.id] > 1 else segment.id))
    return found


def _place(stack: list[Frame], placed: Placed, counts: dict[str, int]) -> list[Frame]:
    """Put the segment into the group that has a place for it; returns the groups that are open then."""
    name = placed.segment.id
    for depth in range(len(stack), 0, -1):
        current = stack[depth - 1]
        if name in current.node.holds and not _begins_again(current, name):
            current.segments.append(placed)
            return stack[:depth]
        inner = _opened(current, placed, counts)
        if inner:
            return stack[:depth] + inner
    stack[-1].segments.append(placed)
    return stack


def _begins_again(frame: Frame, name: str) -> bool:
    begins = frame.node.begins
    if name not in begins:
        return False
    later = begins[begins.index(name) :]
    return any(placed.segment.id in later for placed in frame.segments)


def _opened(parent: Frame, placed: Placed, counts: dict[str, int]) -> list[Frame]:
    """New groups from below `parent` down to the one that the segment opens; none when it opens none."""
    name = placed.segment.id
    node = next((node for node in parent.node.groups if name in node.opens), None)
    if node is None or (node.name in _FIRST and parent.inner and parent.parent is not None):
        return []
    counts[node.name] = counts.get(node.name, -1) + 1
    opened = Frame(node, parent, counts[node.name])
    parent.inner.append(opened)
    if name in node.begins:
        opened.segments.append(placed)
        return [opened]
    return [opened, *_opened(opened, placed, counts)]


_FIRST = frozenset({"PATIENT"})
"""A group that comes once, before the others of a repeating parent; a second one belongs to the next parent."""
