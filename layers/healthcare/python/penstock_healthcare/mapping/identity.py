"""What identifies a resource: the parts that its id follows from, as a message map's `key` names them.

Ids follow from the sender's identifiers: a message that comes again, or its correction, means the same resource.
"""

from collections.abc import Callable, Mapping

from penstock_healthcare.hl7 import Segment
from penstock_healthcare.mapping.frames import Frame
from penstock_healthcare.mapping.run import Run, resource_id

_PREFERRED_TYPES = ("MR", "PI", "PT", "")
_SEPARATOR = "\x1f"


def patient(frame: Frame, run: Run) -> tuple[str, ...]:
    """The medical record number where there is one, else the first identifier, else the message itself."""
    pid = frame.nearest("PID")
    known = []
    for repetition in range(len(pid[3]) if pid is not None else 0):
        assert pid is not None
        if number := pid.value(3, repetition):
            known.append((_rank(pid.value(3, repetition, 5)), repetition, number))
    if pid is None or not known:
        return run.sender, run.message.control_id
    _, repetition, number = min(known)
    issuer = pid.value(3, repetition, 4, 2) or pid.value(3, repetition, 4)
    return issuer or run.sender, number


def visit(frame: Frame, run: Run) -> tuple[str, ...]:
    """The visit number; without one, the patient and the time of admission."""
    segment = frame.nearest("PV1")
    if segment is None:
        return (run.message.control_id,)
    if number := segment.value(19):
        return segment.value(19, component=4, subcomponent=2) or segment.value(19, component=4) or run.sender, number
    who = resource_id("Patient", *patient(frame, run)) if frame.nearest("PID") is not None else run.message.control_id
    return who, segment.value(44)


def order(frame: Frame, run: Run) -> tuple[str, ...]:
    """The filler's number, else the placer's, else the order's place in the message; and the code."""
    common, request = frame.nearest("ORC"), frame.nearest("OBR")
    code = request.value(4) if request is not None else ""
    for field in (3, 2):
        for segment in (request, common):
            if segment is not None and (value := segment.value(field)):
                return (_SEPARATOR.join((_issuer(segment, field, run), value, code)),)
    holder: Frame | None = frame
    while holder is not None and not {"ORC", "OBR"} & set(holder.node.begins):
        holder = holder.parent
    return (_SEPARATOR.join((run.sender, run.message.control_id, str(holder.ordinal if holder else 0))),)


def immunization(frame: Frame, run: Run) -> tuple[str, ...]:
    """The order's number and the vaccine; else whom it was given, which, and when."""
    given, common = frame.nearest("RXA"), frame.nearest("ORC")
    what = given.value(5) if given is not None else ""
    for field in (3, 2):
        if common is not None and (value := common.value(field)) and value not in _NO_NUMBER:
            return _issuer(common, field, run), value, what
    return (*patient(frame, run), what, given.value(3) if given is not None else "")


def specimen(frame: Frame, run: Run) -> tuple[str, ...]:
    """Its numbers; else its place in the order."""
    segment = frame.nearest("SPM")
    numbers = [value for part in (1, 2) if segment is not None and (value := segment.value(2, component=part))]
    if numbers:
        return run.sender, *numbers
    within = frame.parent.inner if frame.parent is not None else []
    return *order(frame, run), str([each for each in within if each.node is frame.node].index(frame))


def document(frame: Frame, run: Run) -> tuple[str, ...]:
    """Its unique number, else the message."""
    return _numbered(frame, run, "TXA", (12, 16))


def appointment(frame: Frame, run: Run) -> tuple[str, ...]:
    """The filler's number, else the placer's, else the message."""
    return _numbered(frame, run, "SCH", (2, 1))


def charge(frame: Frame, run: Run) -> tuple[str, ...]:
    """The transaction's number; else what was charged, to whom and when."""
    segment = frame.nearest("FT1")
    if segment is None:
        return run.sender, run.message.control_id
    return run.sender, segment.value(2), *patient(frame, run), segment.value(7), segment.value(4), segment.value(1)


def message(_: Frame, run: Run) -> tuple[str, ...]:
    """The message itself."""
    return run.sender, run.message.control_id, run.message.value("MSH-7")


def _numbered(frame: Frame, run: Run, name: str, fields: tuple[int, ...]) -> tuple[str, ...]:
    segment = frame.nearest(name)
    for field in fields:
        if segment is not None and (value := segment.value(field)):
            return _issuer(segment, field, run), value
    return run.sender, run.message.control_id


def _issuer(segment: Segment, field: int, run: Run) -> str:
    return segment.value(field, component=3) or segment.value(field, component=2) or run.sender


def _rank(kind: str) -> int:
    return _PREFERRED_TYPES.index(kind) if kind in _PREFERRED_TYPES else len(_PREFERRED_TYPES)


_NO_NUMBER = frozenset({"9999", "999", "0"})
"""What immunization registries send where a dose that was given elsewhere has no order."""
KEYS: Mapping[str, Callable[[Frame, Run], tuple[str, ...]]] = {
    "patient": patient,
    "visit": visit,
    "order": order,
    "immunization": immunization,
    "specimen": specimen,
    "document": document,
    "appointment": appointment,
    "charge": charge,
    "message": message,
}
