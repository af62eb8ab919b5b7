"""An X12 278 response (005010X217) as answers, one for each case."""

from collections.abc import Iterator, Sequence

from penstock_healthcare.authorization.answer import AuthorizationAnswer, Decided, Verdict
from penstock_healthcare.eligibility.answer import Period, Rejection
from penstock_healthcare.x12 import acknowledgments
from penstock_healthcare.x12.codes import meaning
from penstock_healthcare.x12.errors import WrongTransaction
from penstock_healthcare.x12.hierarchy import Level, levels
from penstock_healthcare.x12.interchange import Interchange, Transaction
from penstock_healthcare.x12.segment import Segment
from penstock_healthcare.x12.values import days, first, trace_of

MOST_CASES = 1_000
MOST_SERVICES = 500
EVENT, SERVICE, SOURCE = "EV", "SS", "20"
_RESPONSE = "11"
_SERVICES = {"SV1": (1, 4), "SV2": (2, 5)}
"""Where a service's code and its quantity stand."""


def read_authorizations(interchange: Interchange) -> list[AuthorizationAnswer]:
    """All answers in order; a 999 or TA1 that refuses the request is one too.

    Raises WrongTransaction where there is no 278 response, BadValue.
    """
    found = [answer for transaction in interchange.transactions("278") for answer in _read(transaction)]
    found = found or _refused(interchange)
    if not found:
        raise WrongTransaction("ST", "the interchange holds no 278 that answers a request")
    if len(found) > MOST_CASES:
        raise WrongTransaction("HL", f"there are more than {MOST_CASES} cases")
    return found


def _refused(interchange: Interchange) -> list[AuthorizationAnswer]:
    """What was sent was not taken, and so never came to be answered."""
    reasons = acknowledgments.refusals(interchange)
    rejections = tuple(Rejection("", text=reason) for reason in reasons)
    return [AuthorizationAnswer(rejections=rejections)] if reasons else []


def _read(transaction: Transaction) -> Iterator[AuthorizationAnswer]:
    """Each case; and what ended above of one. A request (BHT02 is 13) has no answer."""
    beginning = transaction.first("BHT")
    if beginning is None or beginning[2] != _RESPONSE:
        return
    for level in levels(transaction):
        is_refused = level.code != SERVICE and not level.below and first(level.segments, "AAA") is not None
        if level.code == EVENT or is_refused:
            yield _answer(level)


def _answer(level: Level) -> AuthorizationAnswer:
    source = next((each for each in level.path() if each.code == SOURCE), None)
    payer = first(source.segments, "NM1") if source else None
    services = [each for each in level.below if each.code == SERVICE]
    if len(services) > MOST_SERVICES:
        raise WrongTransaction("HL", f"there are more than {MOST_SERVICES} services in a case")
    around = [*reversed(list(level.path())), *services]
    return AuthorizationAnswer(
        trace=trace_of(level.segments),
        payer=payer[3] if payer else "",
        verdict=_verdict(level.segments),
        services=tuple(_decided(each.segments) for each in services),
        rejections=tuple(_rejections(around)),
        periods=tuple(_period(each) for each in level.segments if each.id == "DTP"),
        notes=tuple(each[1] for each in level.segments if each.id == "MSG"),
    )


def _verdict(segments: Sequence[Segment]) -> Verdict | None:
    found = first(segments, "HCR")
    return Verdict(found[1], found[2], tuple(found.repetitions(3))) if found else None


def _decided(segments: Sequence[Segment]) -> Decided:
    for segment in segments:
        if segment.id in _SERVICES:
            code, quantity = _SERVICES[segment.id]
            return Decided(segment.component(code, 2), segment[quantity], _verdict(segments))
    return Decided("", "", _verdict(segments))


def _rejections(around: Sequence[Level]) -> Iterator[Rejection]:
    for level in around:
        for segment in level.segments:
            if segment.id == "AAA":
                yield Rejection(segment[3], segment[4], meaning("level", level.code))


def _period(segment: Segment) -> Period:
    begin, end = days(segment)
    return Period(segment[1], begin, end)
