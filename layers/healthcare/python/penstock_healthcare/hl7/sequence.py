"""Whether the segments of a message come as its structure asks.

One pass: each segment is put where the structure has a place for it, at best without passing over anything required,
from the innermost open group outwards. What was passed over is missing once its group ends, unless it comes later,
out of its order. The work a segment takes depends on the structure alone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from penstock_healthcare.hl7.finding import MOST_FINDINGS, Finding, Level
from penstock_healthcare.hl7.standard import Slot


class _Open:
    """A group that is being filled: `at` is its part that was filled last, -1 for none."""

    __slots__ = ("at", "first", "missing", "number", "slot")

    def __init__(self, slot: Slot, number: int, first: str) -> None:
        self.slot = slot
        self.number = number
        self.first = first
        """The segment that opened it."""
        self.at = -1
        self.missing: set[int] = set()

    def place(self, name: str, *, strict: bool) -> int | None:
        """The part that takes the segment; `strict` passes over nothing required."""
        parts = self.slot.parts
        if self.slot.choice:
            return self._chosen(name)
        begin = self.at
        if begin < 0 or not parts[begin].repeats:
            begin += 1
        for number in range(begin, len(parts)):
            part = parts[number]
            if name in (part.opens if strict else part.holds):
                return number
            if strict and part.required and number != self.at:
                return None
        return None

    def _chosen(self, name: str) -> int | None:
        parts = self.slot.parts
        places = range(len(parts)) if self.at < 0 else [self.at] if parts[self.at].repeats else []
        return next((number for number in places if name in parts[number].holds), None)

    def fill(self, number: int) -> None:
        """Go on to a part; what is required in between is missing, for now."""
        if not self.slot.choice:
            between = range(self.at + 1, number)
            self.missing.update(each for each in between if self.slot.parts[each].required)
        self.at = number

    def passed(self, name: str) -> int | None:
        """The part that the segment should have been in, or has been in before."""
        parts = self.slot.parts[: self.at + 1]
        return next(
            (each for each, part in enumerate(parts) if name in part.opens and not self._is_current(each)), None
        )

    def _is_current(self, number: int) -> bool:
        return number == self.at and bool(self.slot.parts[number].parts)

    def end(self) -> Iterator[Slot]:
        """What is missing when nothing more comes."""
        if not self.slot.choice:
            self.fill(len(self.slot.parts))
        yield from (self.slot.parts[each] for each in sorted(self.missing))


class _Walk:
    """The groups that are open, outermost first, and what was found so far."""

    def __init__(self, structure: Slot) -> None:
        self.structure = structure
        self.stack = [_Open(structure, 1, "MSH")]
        self.groups: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def take(self, name: str, path: str, *, is_open: bool) -> None:
        """Put one segment into its place."""
        if self._fits(name, strict=True) or self._is_out_of_order(name, path) or self._fits(name, strict=False):
            return
        if not is_open:
            text = f"the structure {self.structure.name} has no place for this segment"
            self._find(path, "warning", "segment-unexpected", text)

    def close(self, depth: int = 0) -> None:
        """End the groups from `depth` inwards."""
        while len(self.stack) > depth:
            group = self.stack.pop()
            for slot in group.end():
                where = f"{group.slot.name}[{group.number}]" if group.number > 1 else group.slot.name
                what = f"the group {slot.name}" if slot.parts else "the segment"
                path = min(slot.opens) if slot.parts else slot.name
                self._find(path, "error", "segment-required", f"{what} is missing in {where}")

    def _fits(self, name: str, *, strict: bool) -> bool:
        for depth in range(len(self.stack) - 1, -1, -1):
            number = self.stack[depth].place(name, strict=strict)
            if number is not None:
                again = self._begins_again(depth, number, name)
                self.close((depth if again is None else again) + 1)
                self._enter(number if again is None else self.stack[again].at, name)
                return True
        return False

    def _begins_again(self, depth: int, number: int, name: str) -> int | None:
        """Where a group comes again rather than a new one inside it begins: grammars leave open which (OMG, OML)."""
        group = self.stack[depth]
        if number == group.at or not group.slot.parts[number].parts:
            return None
        around = next((each for each in range(depth, 0, -1) if self.stack[each].slot.repeats), 0)
        return around - 1 if around and self.stack[around].first == name else None

    def _enter(self, number: int, name: str) -> None:
        """Fill the part; a group in it is opened, and the group in that …"""
        self.stack[-1].fill(number)
        part = self.stack[-1].slot.parts[number]
        while part.parts:
            self.groups[part.name] += 1
            group = _Open(part, self.groups[part.name], name)
            inner = group.place(name, strict=True)
            inner = group.place(name, strict=False) if inner is None else inner
            if inner is None:
                return
            group.fill(inner)
            self.stack.append(group)
            part = part.parts[inner]

    def _is_out_of_order(self, name: str, path: str) -> bool:
        for group in reversed(self.stack):
            number = group.passed(name)
            if number is None:
                continue
            group.missing.discard(number)
            late, again = number < group.at, "the structure has this segment once in its group"
            rule, text = ("segment-order", "the segment comes after its place") if late else ("segment-repeats", again)
            self._find(path, "warning", rule, text)
            return True
        return False

    def _find(self, path: str, severity: Level, rule: str, message: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(path, severity, rule, message, "100"))


def check_sequence(structure: Slot, segments: Iterable[str], *, is_open: bool) -> list[Finding]:
    """Findings about segment ids in order; Z-segments may stand anywhere, and in an open version any others."""
    walk = _Walk(structure)
    seen: Counter[str] = Counter()
    for name in segments:
        path = f"{name}[{seen[name]}]" if seen[name] else name
        seen[name] += 1
        if not name.startswith("Z"):
            walk.take(name, path, is_open=is_open)
    walk.close()
    return walk.findings
