"""What a payer answered about a patient's coverage, however it was answered, and what that means.

An `Answer` has the benefits that the payer told; `decide` says of the services that somebody wants whether they are
covered. What the payer did not speak of is not covered as far as anybody knows, and the reason says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from penstock_healthcare.x12.codes import meaning

WHOLE_PLAN = "30"
ACTIVE = frozenset("12345")
INACTIVE = frozenset("678")
NOT_COVERED, CANNOT_PROCESS = "I", "V"
REMAINING = frozenset({"29", "33"})
OUT_OF_NETWORK = "N"
KINDS = {
    "A": "coinsurance",
    "B": "copay",
    "C": "deductible",
    "F": "limit",
    "G": "out_of_pocket",
    "Y": "spend_down",
}
_NETWORKS = {"Y": "in", "N": "out", "W": "both"}
_MOST_SERVICES = 300
_MOST_AMOUNTS = 1_000
_LEVELS = {"IND": "individual", "FAM": "family"}


class Status(StrEnum):
    """How a patient stands."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Benefit:
    """One thing that the payer told (EB). `code` is of EB01, `level` of EB02, `period` of EB06, `network` of EB12.

    `amount` is money, `percent` what the patient pays of hundred, `quantity` a number of `unit`.
    """

    code: str
    service_types: tuple[str, ...] = ()
    level: str = ""
    plan: str = ""
    period: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    quantity: Decimal | None = None
    unit: str = ""
    needs_authorization: bool | None = None
    network: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the payer did not answer: codes of AAA03 and AAA04; `who` is whose part of the question is meant.

    `text` is the payer's, where it gave no code of X12's.
    """

    code: str
    action: str = ""
    who: str = ""
    text: str = ""

    @property
    def meaning(self) -> str:
        """The code in plain words, else the payer's."""
        return meaning("AAA03", self.code) if self.code else self.text or "the payer gave no reason"


@dataclass(frozen=True, slots=True)
class Period:
    """`what` is of DTP01."""

    what: str
    first: date | None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Whom the answer is about, as the payer has them."""

    id: str = ""
    family: str = ""
    given: str = ""
    born: date | None = None
    is_dependent: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the payer told of one patient."""

    trace: str = ""
    payer: str = ""
    payer_id: str = ""
    member: Member = Member()
    benefits: tuple[Benefit, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """Whether one service is covered; None: the payer did not say."""

    code: str
    is_covered: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the answer means for the services that are wanted."""

    status: Status
    services: tuple[Service, ...]
    reasons: tuple[str, ...]


def decide(answer: Answer, wanted: Sequence[str] = (WHOLE_PLAN,)) -> Decision:
    """Whether every wanted service is covered; rejected where the payer told of no coverage but why it could not."""
    if not any(each.code in ACTIVE | INACTIVE | {NOT_COVERED} for each in answer.benefits):
        refused = [_refusal(each) for each in answer.rejections]
        refused += [meaning("EB01", CANNOT_PROCESS) for each in answer.benefits if each.code == CANNOT_PROCESS]
        if refused:
            return Decision(Status.REJECTED, (), tuple(dict.fromkeys(refused)))
    services = tuple(_service(answer.benefits, code) for code in dict.fromkeys(wanted))
    missing = tuple(f"{meaning('service', each.code)}: {each.reason}" for each in services if not each.is_covered)
    return Decision(Status.NOT_COVERED if missing else Status.COVERED, services, missing)


def told(answer: Answer, decision: Decision) -> dict[str, Any]:
    """The answer and the decision as a workflow's item holds them; amounts and percents are texts with two digits."""
    member = answer.member
    return {
        "status": decision.status.value,
        "reasons": list(decision.reasons),
        "trace": answer.trace,
        "payer": {"name": answer.payer, "id": answer.payer_id},
        "member": {
            "id": member.id,
            "family": member.family,
            "given": member.given,
            "born": _day(member.born),
            "is_dependent": member.is_dependent,
            "group": member.group,
        },
        "plan": next((each.plan for each in answer.benefits if each.plan), ""),
        "periods": [_period(each) for each in answer.periods],
        "services": _services(answer, decision),
        "amounts": [_amount(each) for each in answer.benefits if each.code in KINDS][:_MOST_AMOUNTS],
        "rejections": [_rejection(each) for each in answer.rejections],
    }


def _refusal(rejection: Rejection) -> str:
    who = f"{rejection.who}: " if rejection.who else ""
    action = f"; {meaning('AAA04', rejection.action)}" if rejection.action else ""
    return f"{who}{rejection.meaning}{action}"


def _service(benefits: Iterable[Benefit], code: str) -> Service:
    """What was said of the service itself counts before what was said of the plan; a no before a yes.

    An active plan alone does not cover a service that nobody spoke of; an inactive one covers none.
    """
    told = [each for each in benefits if code in (each.service_types or (WHOLE_PLAN,))]
    denied = [each for each in told if each.code == NOT_COVERED and each.network != OUT_OF_NETWORK]
    active = [each for each in told if each.code in ACTIVE]
    inactive = [each for each in told if each.code in INACTIVE]
    whole = [each for each in benefits if WHOLE_PLAN in (each.service_types or (WHOLE_PLAN,))]
    ended = [each for each in whole if each.code in INACTIVE] if not active else []
    for found, is_covered in ((denied, False), (active, True), (inactive, False), (ended, False)):
        if found:
            return Service(code, is_covered, meaning("EB01", found[0].code))
    return Service(code, None, "the payer did not say")


def _services(answer: Answer, decision: Decision) -> list[dict[str, Any]]:
    """The wanted services, then the others that the payer spoke of."""
    wanted = {each.code for each in decision.services}
    spoken = dict.fromkeys(
        code
        for each in answer.benefits
        if each.code in ACTIVE | INACTIVE | {NOT_COVERED}
        for code in each.service_types or (WHOLE_PLAN,)
    )
    others = [_service(answer.benefits, code) for code in list(spoken)[:_MOST_SERVICES] if code not in wanted]
    return [
        {
            "code": each.code,
            "meaning": meaning("service", each.code),
            "is_covered": each.is_covered,
            "reason": each.reason,
        }
        for each in (*decision.services, *others)
    ]


def _amount(benefit: Benefit) -> dict[str, Any]:
    return {
        "kind": KINDS[benefit.code],
        "amount": _text(benefit.amount),
        "percent": _text(benefit.percent),
        "quantity": _text(benefit.quantity),
        "unit": benefit.unit,
        "is_remaining": benefit.period in REMAINING,
        "period": meaning("EB06", benefit.period) if benefit.period else "",
        "network": _NETWORKS.get(benefit.network, ""),
        "level": _LEVELS.get(benefit.level, meaning("EB02", benefit.level) if benefit.level else ""),
        "service_types": list(benefit.service_types),
        "plan": benefit.plan,
        "needs_authorization": benefit.needs_authorization,
        "notes": list(benefit.notes),
    }


def _rejection(rejection: Rejection) -> dict[str, str]:
    return {
        "code": rejection.code,
        "meaning": rejection.meaning,
        "action": rejection.action,
        "what_to_do": meaning("AAA04", rejection.action) if rejection.action else "",
        "who": rejection.who,
    }


def _period(period: Period) -> dict[str, str | None]:
    return {"what": meaning("DTP01", period.what), "from": _day(period.first), "to": _day(period.last)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.2f}"
