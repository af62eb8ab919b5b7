"""What a payer decided about a treatment, in plain words."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from penstock_healthcare.eligibility.answer import Period, Rejection
from penstock_healthcare.x12.codes import meaning


class Status(StrEnum):
    """How an authorisation stands."""

    APPROVED = "approved"
    CHANGED = "changed"
    DENIED = "denied"
    PENDED = "pended"
    REJECTED = "rejected"


_BY_ACTION = {
    "A1": Status.APPROVED,
    "NA": Status.APPROVED,
    "A2": Status.CHANGED,
    "A6": Status.CHANGED,
    "A3": Status.DENIED,
    "C": Status.DENIED,
    "A4": Status.PENDED,
    "CT": Status.PENDED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided (HCR): `action` is of HCR01, `number` the authorisation's, `reasons` are codes of HCR03."""

    action: str
    number: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """One service (SV1 or SV2), and what was decided about it; None: what was decided about all of them counts."""

    code: str
    quantity: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class AuthorizationAnswer:
    """All that the payer told of one case."""

    trace: str = ""
    payer: str = ""
    verdict: Verdict | None = None
    services: tuple[Decided, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    periods: tuple[Period, ...] = ()
    notes: tuple[str, ...] = ()


def status_of(answer: AuthorizationAnswer) -> Status:
    """What all verdicts come to: pended while one is, approved or denied where all are, changed between the two.

    Without a verdict it is rejected where the payer says why, and else pended: it has not decided.
    """
    found = {_BY_ACTION.get(each.action, Status.PENDED) for each in _verdicts(answer)}
    if not found:
        return Status.REJECTED if answer.rejections else Status.PENDED
    if Status.PENDED in found:
        return Status.PENDED
    return found.pop() if len(found) == 1 else Status.CHANGED


def told(answer: AuthorizationAnswer) -> dict[str, Any]:
    """As a workflow's item holds it."""
    verdicts = list(_verdicts(answer))
    return {
        "status": status_of(answer).value,
        "number": next((each.number for each in verdicts if each.number), ""),
        "reasons": _reasons(answer, verdicts),
        "trace": answer.trace,
        "payer": answer.payer,
        "services": [_service(each, answer.verdict) for each in answer.services],
        "periods": [
            {
                "what": meaning("DTP01", each.what),
                "from": each.first.isoformat() if each.first else None,
                "to": each.last.isoformat() if each.last else None,
            }
            for each in answer.periods
        ],
        "rejections": [
            {
                **asdict(each),
                "meaning": each.meaning,
                "what_to_do": meaning("AAA04", each.action) if each.action else "",
            }
            for each in answer.rejections
        ],
        "notes": list(answer.notes),
    }


def _verdicts(answer: AuthorizationAnswer) -> Iterable[Verdict]:
    """Those of the services, and of the case where a service has none of its own."""
    own = [each.verdict for each in answer.services if each.verdict]
    needs_case = len(own) < len(answer.services) or not answer.services
    return [*([answer.verdict] if answer.verdict and needs_case else []), *own]


def _service(decided: Decided, case: Verdict | None) -> dict[str, Any]:
    verdict = decided.verdict or case
    return {
        "code": decided.code,
        "quantity": decided.quantity,
        "action": verdict.action if verdict else "",
        "meaning": meaning("HCR01", verdict.action) if verdict else "",
        "number": verdict.number if verdict else "",
    }


def _reasons(answer: AuthorizationAnswer, verdicts: Iterable[Verdict]) -> list[str]:
    said = [_reason(each) for each in verdicts if _BY_ACTION.get(each.action) is not Status.APPROVED]
    refused = [f"{each.who}: {each.meaning}" if each.who else each.meaning for each in answer.rejections]
    return list(dict.fromkeys([*said, *refused]))


def _reason(verdict: Verdict) -> str:
    codes = f" (the payer's reason: {', '.join(verdict.reasons)})" if verdict.reasons else ""
    return f"{meaning('HCR01', verdict.action)}{codes}"
