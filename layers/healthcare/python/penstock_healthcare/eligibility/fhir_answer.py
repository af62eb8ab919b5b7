"""An answer as a FHIR R4 CoverageEligibilityResponse, as a 271 is passed on to systems that speak FHIR.

Amounts travel as text, as in all items (`fhir.text.write` makes numbers of them). What remains of an amount is told
as R4 tells it: what is allowed, and what is used. `fhir_reading` reads one, ours or another's.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from penstock.clock import iso
from penstock_healthcare.eligibility import fhir_parts as parts
from penstock_healthcare.eligibility.answer import (
    ACTIVE,
    INACTIVE,
    NOT_COVERED,
    WHOLE_PLAN,
    Answer,
    Benefit,
    Member,
    Rejection,
    Status,
    decide,
)
from penstock_healthcare.eligibility.fhir_parts import Resource, coded, organization, reference
from penstock_healthcare.x12.codes import meaning

CURRENCY = "USD"
TYPES = {"A": "copay-percent", "B": "copay", "C": "deductible", "F": "benefit"}
NETWORKS = {"Y": "in", "N": "out"}
UNITS = {"IND": "individual", "FAM": "family"}
TERMS = {"23": "annual", "7": "day", "32": "lifetime"}
_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
TOTAL, REMAINING = "23", "29"
_BEGINS, _ENDS = ("346", "356", "348"), ("347", "357", "349")


def response(answer: Answer, *, id_: str, time: datetime) -> Resource:
    """The response to the question whose trace the answer has."""
    decision = decide(answer)
    is_refused = decision.status is Status.REJECTED
    asked: Resource = {"identifier": {"value": answer.trace}} if answer.trace else {"display": "a coverage inquiry"}
    return {
        "resourceType": "CoverageEligibilityResponse",
        "id": id_,
        "contained": _contained(answer),
        "status": "active",
        "purpose": ["benefits"],
        "patient": reference("patient"),
        "created": iso(time),
        "request": asked,
        "outcome": "error" if is_refused else "complete",
        "insurer": reference("insurer"),
        **({} if is_refused else {"insurance": [_insurance(answer)]}),
        **({"error": [_reason(each) for each in answer.rejections]} if answer.rejections else {}),
    }


def _contained(answer: Answer) -> list[Resource]:
    insurer = organization("insurer", answer.payer or "unknown", answer.payer_id)
    is_refused = decide(answer).status is Status.REJECTED
    return [_patient(answer.member), insurer, *([] if is_refused else [_coverage(answer)])]


def _patient(member: Member) -> Resource:
    made = parts.patient("patient", member.family, member.given, member.born)
    return {**made, "identifier": [{"value": member.id}]} if member.id else made


def _coverage(answer: Answer) -> Resource:
    member, plan = answer.member, next((each.plan for each in answer.benefits if each.plan), "")
    classes = [("group", member.group), ("plan", plan)]
    told = [
        {"type": {"coding": [{"system": _CLASS, "code": kind}]}, "value": value} for kind, value in classes if value
    ]
    return {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        **({"subscriberId": member.id} if member.id else {}),
        "beneficiary": reference("patient"),
        **({"dependent": "yes"} if member.is_dependent else {}),
        "payor": [reference("insurer")],
        **({"class": told} if told else {}),
    }


def _insurance(answer: Answer) -> Resource:
    items = list(_items(answer))
    return {
        "coverage": reference("coverage"),
        **_inforce(answer),
        **_benefit_period(answer),
        **({"item": items} if items else {}),
    }


def _inforce(answer: Answer) -> Resource:
    whole = [each.code for each in answer.benefits if WHOLE_PLAN in (each.service_types or (WHOLE_PLAN,))]
    if any(code in ACTIVE for code in whole):
        return {"inforce": True}
    return {"inforce": False} if any(code in INACTIVE for code in whole) else {}


def _benefit_period(answer: Answer) -> Resource:
    """The plan's period where the payer gave one, else the first range that it gave."""
    first = next((each.first for name in _BEGINS for each in answer.periods if each.what == name), None)
    last = next((each.first for name in _ENDS for each in answer.periods if each.what == name), None)
    ranges = [each for each in answer.periods if each.last]
    if first is None and last is None and ranges:
        first, last = ranges[0].first, ranges[0].last
    if first and last and last < first:
        return {}
    period = {name: day.isoformat() for name, day in (("start", first), ("end", last)) if isinstance(day, date)}
    return {"benefitPeriod": period} if period else {}


def _items(answer: Answer) -> Iterator[Resource]:
    """One for each benefit and service; what remains stands with the total that it is of."""
    totals, remaining = _sorted(answer.benefits, TOTAL), _sorted(answer.benefits, REMAINING)
    pairs = {key: remaining[key][0] for key, found in totals.items() if len(found) == len(remaining.get(key, ())) == 1}
    for benefit in answer.benefits:
        pair = pairs.get(_pair(benefit))
        if pair is None or benefit.amount is None or benefit.period not in (TOTAL, REMAINING):
            yield from _of(benefit, None)
        elif benefit.period == TOTAL:
            yield from _of(benefit, pair.amount)


def _sorted(benefits: Sequence[Benefit], period: str) -> Mapping[Any, Sequence[Benefit]]:
    """Those of a period with an amount, by what a total and what remains of it have in common."""
    found: dict[Any, list[Benefit]] = {}
    for benefit in benefits:
        if benefit.period == period and benefit.amount is not None:
            found.setdefault(_pair(benefit), []).append(benefit)
    return found


def _pair(benefit: Benefit) -> tuple[Any, ...]:
    of = (benefit.code, benefit.service_types, benefit.level, benefit.network, benefit.plan)
    return (*of, benefit.needs_authorization, benefit.notes)


def _of(benefit: Benefit, remaining: Decimal | None) -> Iterator[Resource]:
    for code in benefit.service_types or (WHOLE_PLAN,):
        yield {
            "category": parts.service(code),
            "excluded": benefit.code in INACTIVE | {NOT_COVERED},
            **({"name": benefit.plan} if benefit.plan else {}),
            **({"description": "\n".join(benefit.notes)} if benefit.notes else {}),
            **_coded("network", parts.NETWORK, benefit.network, "EB12", ("benefit-network", NETWORKS)),
            **_coded("unit", parts.LEVEL, benefit.level, "EB02", ("benefit-unit", UNITS)),
            **_coded("term", parts.PERIOD, benefit.period, "EB06", ("benefit-term", TERMS)),
            "benefit": [_told(benefit, remaining)],
            **({} if benefit.needs_authorization is None else {"authorizationRequired": benefit.needs_authorization}),
        }


def _coded(name: str, system: str, code: str, table: str, same: tuple[str, dict[str, str]]) -> Resource:
    if not code:
        return {}
    as_hl7 = (same[0], same[1][code]) if code in same[1] else None
    return {name: coded(system, code, meaning(table, code), as_hl7=as_hl7)}


def _told(benefit: Benefit, remaining: Decimal | None) -> Resource:
    as_hl7 = ("benefit-type", TYPES[benefit.code]) if benefit.code in TYPES else None
    kind = coded(parts.BENEFIT, benefit.code, meaning("EB01", benefit.code), as_hl7=as_hl7)
    if benefit.amount is not None:
        used = {} if remaining is None else {"usedMoney": _money(benefit.amount - remaining)}
        return {"type": kind, "allowedMoney": _money(benefit.amount), **used}
    if benefit.percent is not None:
        return {"type": kind, "allowedString": f"{benefit.percent:.2f}%"}
    if benefit.quantity is not None:
        return {"type": kind, "allowedString": f"{benefit.quantity:.2f} {benefit.unit}".strip()}
    return {"type": kind}


def _money(amount: Decimal) -> Resource:
    return {"value": f"{amount:.2f}", "currency": CURRENCY}


def _error(rejection: Rejection) -> Resource:
    code = coded(parts.REJECTION, rejection.code, meaning("AAA03", rejection.code))
    if rejection.action:
        code["coding"].append({"system": parts.FOLLOW_UP, "code": rejection.action})
    return {"code": code}


def _reason(rejection: Rejection) -> Resource:
    return _error(rejection) if rejection.code else {"code": {"text": rejection.meaning}}
