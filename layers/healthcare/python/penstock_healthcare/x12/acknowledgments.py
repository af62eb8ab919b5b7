"""TA1 and 999: whether an interchange, and each set in it, was taken (X12.56; 005010X231A1).

read(interchange).is_accepted            # of an answer that holds a TA1, a 997 or a 999
acknowledge(interchange, envelope)       # a 999 of what `check` finds, as an interchange
interchange_acknowledgment(interchange, envelope)    # a TA1
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from penstock_healthcare.x12.checking import check
from penstock_healthcare.x12.codes import meaning
from penstock_healthcare.x12.errors import WrongTransaction
from penstock_healthcare.x12.finding import Finding
from penstock_healthcare.x12.interchange import Group, Interchange, Transaction
from penstock_healthcare.x12.segment import Segment
from penstock_healthcare.x12.writing import Envelope, Row, write, write_bare

GUIDE = "005010X231A1"
_ACCEPTED = frozenset("AEP")
_MOST_NOTES = 500
_MOST_REASONS = 20
_SET_FAULTS = {"se-missing": "2", "set-control": "3", "count": "4", "functional-id": "6", "control-twice": "23"}
_GROUP_FAULTS = {"ge-missing": "3", "group-control": "4", "count": "5", "control-missing": "6", "control-twice": "19"}
_INTERCHANGE_FAULTS = {"interchange-control": "001", "count": "021", "iea-missing": "023", "unterminated": "023"}
_FIELD_FAULTS = {
    "ISA-09": "014",
    "ISA-10": "015",
    "ISA-12": "017",
    "ISA-13": "018",
    "ISA-14": "019",
    "ISA-15": "020",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a receiver found. `position` is the segment's place in its set (ST is 1), 0 for all of it."""

    path: str
    position: int
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an interchange (`kind` TA1), a group (AK9) or a set (IK5); `control_id` is of what was sent."""

    kind: str
    control_id: str
    code: str
    is_accepted: bool
    meaning: str
    notes: Sequence[Note] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """All verdicts of an answer, in order."""

    verdicts: Sequence[Verdict]

    @property
    def is_accepted(self) -> bool:
        """Whether there is a verdict and none is negative."""
        return bool(self.verdicts) and all(verdict.is_accepted for verdict in self.verdicts)


def read(interchange: Interchange) -> Acknowledgment:
    """The verdicts of an interchange's TA1 segments, 999 and 997 sets. Raises WrongTransaction where it has none."""
    verdicts = [_of_ta1(segment) for segment in interchange.segments if segment.id == "TA1"]
    for transaction in interchange.transactions():
        if transaction.type in ("997", "999"):
            verdicts += _of_set(transaction)
    if not verdicts:
        raise WrongTransaction("ST", "the interchange holds neither a TA1 nor a 997 or 999")
    return Acknowledgment(verdicts)


def refusals(interchange: Interchange) -> list[str]:
    """Why what was sent was not taken, in plain words; empty where it was, or nothing is said of it."""
    try:
        verdicts = [each for each in read(interchange).verdicts if not each.is_accepted]
    except WrongTransaction:
        return []
    told = (f"{each.meaning}{': ' if each.notes else ''}{'; '.join(map(_noted, each.notes[:5]))}" for each in verdicts)
    return list(dict.fromkeys(told))[:_MOST_REASONS]


def _noted(note: Note) -> str:
    place = f"{note.path} at {note.position}: " if note.path and len(note.path) < 10 else ""
    return f"{place}{note.meaning}"


def acknowledge(interchange: Interchange, envelope: Envelope, findings: Sequence[Finding] | None = None) -> Interchange:
    """A 999 for each group; a set with an error among the findings (those of `check` when left out) is rejected.

    Raises BadValue where what is named back cannot be written.
    """
    found = check(interchange) if findings is None else findings
    errors = sorted((each for each in found if each.severity == "error"), key=_place)
    groups = interchange.groups
    ends = [*(group.number for group in groups[1:]), len(interchange.segments) + 1]
    parts = [(group, _between(errors, group.number, end)) for group, end in zip(groups, ends, strict=True)]
    sets = [("999", _rows(group, own)) for group, own in parts if group.header is not None]
    if not sets:
        raise WrongTransaction("GS", "the interchange holds no group that could be acknowledged")
    return write(envelope, "FA", GUIDE, sets)


def interchange_acknowledgment(interchange: Interchange, envelope: Envelope) -> Interchange:
    """A TA1: A when ISA and IEA are right, R with the first reason when not."""
    code = next((found for found in map(_interchange_fault, check(interchange)) if found), "000")
    header = interchange.header
    row: Row = ("TA1", header[13], header[9], header[10], "A" if code == "000" else "R", code)
    return write_bare(envelope, [row])


def _interchange_fault(finding: Finding) -> str:
    if finding.severity != "error":
        return ""
    if finding.path in _FIELD_FAULTS:
        return _FIELD_FAULTS[finding.path]
    is_outer = finding.path in ("IEA", "IEA-01", "IEA-02") or finding.rule == "unterminated"
    return _INTERCHANGE_FAULTS.get(finding.rule, "") if is_outer else ""


def _place(finding: Finding) -> int:
    return finding.position


def _between(errors: Sequence[Finding], first: int, end: int) -> Sequence[Finding]:
    """Those of a range of places, of errors in the order of their places."""
    return errors[bisect_left(errors, first, key=_place) : bisect_left(errors, end, key=_place)]


def _rows(group: Group, own: Sequence[Finding]) -> list[Row]:
    header = group.header
    rows: list[Row] = [("AK1", header[1] if header else "", group.control_id, group.version)]
    rejected = 0
    for transaction in group.transactions:
        of_set = _within(own, transaction)
        rejected += bool(of_set)
        rows += _set_rows(transaction, of_set)
    faults = [_GROUP_FAULTS[each.rule] for each in own if each.path[:2] in ("GE", "GS") and each.rule in _GROUP_FAULTS]
    count, taken = len(group.transactions), len(group.transactions) - rejected
    code = "R" if faults or (rejected and not taken) else "P" if rejected else "A"
    rows.append(("AK9", code, str(count), str(count), "0" if code == "R" else str(taken), *faults[:5]))
    return rows


def _within(errors: Sequence[Finding], transaction: Transaction) -> list[Finding]:
    found = _between(errors, transaction.number, transaction.number + len(transaction.segments))
    return [each for each in found if each.path[:2] not in ("GE", "GS", "IE", "IS")]


def _set_rows(transaction: Transaction, errors: Sequence[Finding]) -> list[Row]:
    rows: list[Row] = [("AK2", transaction.type, transaction.control_id, transaction.guide)]
    faults = list(dict.fromkeys(_SET_FAULTS.get(each.rule, "5") for each in errors))
    for each in errors[:_MOST_NOTES]:
        if each.rule not in _SET_FAULTS:
            name = each.path[:3].rstrip("-") or "ST"
            missing = each.rule == "required-segment"
            rows.append(("IK3", name, str(each.position - transaction.number + 1), "", "3" if missing else "8"))
    rows.append(("IK5", "R" if faults else "A", *faults[:5]))
    return rows


def _of_ta1(segment: Segment) -> Verdict:
    reason = "" if segment[5] in ("", "000") else f": {meaning('TA105', segment[5])}"
    told = f"interchange {meaning('acknowledged', segment[4])}{reason}"
    return Verdict("TA1", segment[1], segment[4], segment[4] in _ACCEPTED, told)


@dataclass
class _Reading:
    group: str = ""
    set: str = ""
    place: Segment | None = None
    notes: list[Note] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


def _of_set(transaction: Transaction) -> list[Verdict]:
    state = _Reading()
    for segment in transaction.body:
        step = _STEPS.get(segment.id)
        if step is not None:
            step(state, segment)
    return state.verdicts


def _begin_group(state: _Reading, segment: Segment) -> None:
    state.group = segment[2]


def _begin_set(state: _Reading, segment: Segment) -> None:
    state.set, state.notes, state.place = segment[2], [], None


def _note_segment(state: _Reading, segment: Segment) -> None:
    state.place = segment
    _note(state, segment[1], segment[2], "IK304", segment[4])


def _note_element(state: _Reading, segment: Segment) -> None:
    if state.place is not None:
        path = f"{state.place[1]}-{segment.component(1, 1).zfill(2)}"
        _note(state, path, state.place[2], "IK403", segment[3])


def _note(state: _Reading, path: str, position: str, table: str, code: str) -> None:
    if len(state.notes) < _MOST_NOTES:
        place = int(position) if position.isascii() and position.isdigit() and len(position) < 10 else 0
        state.notes.append(Note(path, place, code, meaning(table, code)))


def _end_set(state: _Reading, segment: Segment) -> None:
    _end(state, segment, "IK5", state.set, "IK502", segment.elements[1:])


def _end_group(state: _Reading, segment: Segment) -> None:
    state.notes = []
    _end(state, segment, "AK9", state.group, "AK905", segment.elements[4:])


def _end(state: _Reading, segment: Segment, kind: str, control: str, table: str, codes: Sequence[str]) -> None:
    what = "group" if kind == "AK9" else "set"
    notes = [*state.notes, *(Note("", 0, code, meaning(table, code)) for code in codes[:5] if code)]
    told = f"{what} {meaning('acknowledged', segment[1])}"
    state.verdicts.append(Verdict(kind, control, segment[1], segment[1] in _ACCEPTED, told, tuple(notes)))


_STEPS = {
    "AK1": _begin_group,
    "AK2": _begin_set,
    "IK3": _note_segment,
    "AK3": _note_segment,
    "IK4": _note_element,
    "AK4": _note_element,
    "IK5": _end_set,
    "AK5": _end_set,
    "AK9": _end_group,
}
