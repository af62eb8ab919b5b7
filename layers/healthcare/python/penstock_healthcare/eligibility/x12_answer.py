"""An X12 271 (005010X279A1) as answers, one for each patient."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from penstock_healthcare.eligibility.answer import Answer, Benefit, Member, Period, Rejection
from penstock_healthcare.x12 import acknowledgments
from penstock_healthcare.x12.codes import meaning
from penstock_healthcare.x12.errors import WrongTransaction
from penstock_healthcare.x12.hierarchy import Level, levels
from penstock_healthcare.x12.interchange import Interchange, Transaction
from penstock_healthcare.x12.segment import Segment
from penstock_healthcare.x12.values import day, days, first, number, trace_of

MOST_PATIENTS = 1_000
MOST_BENEFITS = 2_000
"""Of one patient."""
SOURCE, RECEIVER, SUBSCRIBER, DEPENDENT = "20", "21", "22", "23"
_CENT = Decimal("0.01")
_GROUP_REFERENCES = ("6P", "1L")
_UNITS = {"VS": "visits", "DY": "days", "HS": "hours", "MN": "months", "YY": "years", "QA": "items", "CA": "covered"}
_ANSWERED = {"Y": True, "N": False}


def read_answers(interchange: Interchange) -> list[Answer]:
    """All answers in order; a 999 or TA1 that refuses the question is one too.

    Raises WrongTransaction where there is no 271 or it is about nobody, BadValue.
    """
    found: list[Answer] = []
    for transaction in interchange.transactions("271"):
        found += _read(transaction)
    found = found or list(_refused(interchange))
    if not found:
        raise WrongTransaction("ST", "the interchange holds no 271 that answers about a patient")
    if len(found) > MOST_PATIENTS:
        raise WrongTransaction("HL", f"there are more than {MOST_PATIENTS} patients")
    return found


def _read(transaction: Transaction) -> Iterator[Answer]:
    for level in levels(transaction):
        if _is_answered(level):
            yield _answer(level)


def _refused(interchange: Interchange) -> Iterator[Answer]:
    """What was sent was not taken, and so never came to be answered."""
    reasons = acknowledgments.refusals(interchange)
    if reasons:
        yield Answer(rejections=tuple(Rejection("", text=reason) for reason in reasons))


def _is_answered(level: Level) -> bool:
    """Whether the level is a patient who is spoken of, or one further up at which the question ended."""
    names = {segment.id for segment in level.segments}
    if level.code in (SUBSCRIBER, DEPENDENT):
        return bool(names & {"EB", "AAA"}) or not level.below
    return "AAA" in names and not level.below


def _answer(level: Level) -> Answer:
    segments = list(_without_related(level.segments))
    begin = next((index for index, each in enumerate(segments) if each.id == "EB"), len(segments))
    head = segments[:begin]
    source = next((each for each in level.path() if each.code == SOURCE), None)
    payer = first(source.segments, "NM1") if source else None
    return Answer(
        trace=trace_of(head),
        payer=payer[3] if payer else "",
        payer_id=payer[9] if payer else "",
        member=_member(level, head),
        benefits=_benefits(segments[begin:]),
        rejections=tuple(_rejections(level)),
        periods=tuple(_period(each) for each in head if each.id == "DTP"),
    )


def _without_related(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Those outside of LS and LE, where the names of others stand."""
    is_related = False
    for segment in segments:
        if segment.id in ("LS", "LE"):
            is_related = segment.id == "LS"
        elif not is_related:
            yield segment


def _member(level: Level, head: Sequence[Segment]) -> Member:
    if level.code not in (SUBSCRIBER, DEPENDENT):
        return Member()
    name, birth = first(head, "NM1"), first(head, "DMG")
    numbers = (first(each.segments, "NM1") for each in level.path() if each.code in (SUBSCRIBER, DEPENDENT))
    references = [each[2] for each in head if each.id == "REF" and each[1] in _GROUP_REFERENCES]
    return Member(
        id=next((each[9] for each in numbers if each and each[9]), ""),
        family=name[3] if name else "",
        given=name[4] if name else "",
        born=day(birth[2], "DMG-02") if birth and birth[1] == "D8" else None,
        is_dependent=level.code == DEPENDENT,
        group=references[0] if references else "",
    )


def _benefits(segments: Sequence[Segment]) -> tuple[Benefit, ...]:
    """Each EB with the MSG segments that follow it."""
    found: list[tuple[Segment, list[str]]] = []
    for segment in segments:
        if segment.id == "EB":
            found.append((segment, []))
        elif segment.id == "MSG" and found:
            found[-1][1].append(segment[1])
    if len(found) > MOST_BENEFITS:
        raise WrongTransaction("EB", f"there are more than {MOST_BENEFITS} benefits of one patient")
    return tuple(_benefit(segment, notes) for segment, notes in found)


def _benefit(segment: Segment, notes: Sequence[str]) -> Benefit:
    percent = number(segment[8], "EB-08")
    return Benefit(
        code=segment[1],
        service_types=tuple(segment.repetitions(3)),
        level=segment[2],
        plan=segment[5],
        period=segment[6],
        amount=_cents(number(segment[7], "EB-07")),
        percent=_cents(None if percent is None else percent * 100),
        quantity=_cents(number(segment[10], "EB-10")),
        unit=_UNITS.get(segment[9], segment[9]),
        needs_authorization=_ANSWERED.get(segment[11]),
        network=segment[12],
        notes=tuple(notes),
    )


def _rejections(level: Level) -> Iterator[Rejection]:
    """Those of the patient, and of the levels above."""
    for each in reversed(list(level.path())):
        for segment in each.segments:
            if segment.id == "AAA":
                yield Rejection(segment[3], segment[4], meaning("level", each.code))


def _period(segment: Segment) -> Period:
    begin, end = days(segment)
    return Period(segment[1], begin, end)


def _cents(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(_CENT, ROUND_HALF_UP)
