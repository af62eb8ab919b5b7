"""A FHIR R4 CoverageEligibilityResponse as an answer: ours, or one that speaks HL7's codes only."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from penstock_healthcare.eligibility import fhir_parts as parts
from penstock_healthcare.eligibility.answer import ACTIVE, NOT_COVERED, Answer, Benefit, Member, Period, Rejection
from penstock_healthcare.eligibility.fhir_answer import NETWORKS, REMAINING, TERMS, TYPES, UNITS
from penstock_healthcare.fhir.values import number

MOST_ITEMS = 10_000
_LARGEST = Decimal(10) ** 15
_CENT = Decimal("0.01")
_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*%\Z")
_QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([\w ]{0,60})\Z")
_NO_ANSWER = {"error": "the payer could not answer", "queued": "the payer has not answered yet"}
_BY_TYPE = {name: code for code, name in TYPES.items()}
_BY_NETWORK = {name: code for code, name in NETWORKS.items()}
_BY_UNIT = {name: code for code, name in UNITS.items()}
_BY_TERM = {name: code for code, name in TERMS.items()}


class NoResponse(ValueError):
    """What is to be read is no CoverageEligibilityResponse, or not in R4's form. The text quotes nothing of it."""


def read_response(resource: Any) -> Answer:
    """The answer. Raises NoResponse, naming the element."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "CoverageEligibilityResponse":
        raise NoResponse("resource: is no CoverageEligibilityResponse")
    contained = {each.get("id"): each for each in _objects(resource, "contained")}
    insurances = list(_objects(resource, "insurance"))
    insurer = _pointed(resource.get("insurer"), contained)
    return Answer(
        trace=_inner(resource, "request", "identifier", "value"),
        payer=_text(insurer, "name"),
        payer_id=next((_text(each, "value") for each in _objects(insurer, "identifier")), ""),
        member=_member(resource, insurances, contained),
        benefits=tuple(benefit for each in insurances for benefit in _benefits(each)),
        rejections=_rejections(resource),
        periods=tuple(period for each in insurances for period in _periods(each)),
    )


def _objects(holder: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = holder.get(name, [])
    if not isinstance(found, list) or len(found) > MOST_ITEMS or not all(isinstance(each, dict) for each in found):
        raise NoResponse(f"{name}: is no list of at most {MOST_ITEMS} objects")
    yield from found


def _text(holder: dict[str, Any], name: str) -> str:
    found = holder.get(name, "")
    return found if isinstance(found, str) else ""


def _inner(holder: Any, *names: str) -> str:
    for name in names[:-1]:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return _text(holder, names[-1]) if isinstance(holder, dict) else ""


def _pointed(reference: Any, contained: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    name = reference.get("reference") if isinstance(reference, dict) else None
    found = contained.get(name[1:]) if isinstance(name, str) and name.startswith("#") else None
    if found is None and isinstance(reference, dict):
        return {"name": reference.get("display", "")}
    return found or {}


def _member(resource: dict[str, Any], insurances: list[dict[str, Any]], contained: dict[Any, Any]) -> Member:
    patient = _pointed(resource.get("patient"), contained)
    names = patient.get("name")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    coverage = _pointed(insurances[0].get("coverage"), contained) if insurances else {}
    given = name.get("given")
    classes = ((parts.hl7_code(each.get("type"), "coverage-class"), each) for each in _objects(coverage, "class"))
    return Member(
        id=_text(coverage, "subscriberId")
        or next((_text(each, "value") for each in _objects(patient, "identifier")), ""),
        family=_text(name, "family"),
        given=str(given[0]) if isinstance(given, list) and given else "",
        born=_day(patient.get("birthDate"), "birthDate"),
        is_dependent="dependent" in coverage,
        group=next((_text(each, "value") for kind, each in classes if kind == "group"), ""),
    )


def _benefits(insurance: dict[str, Any]) -> Iterator[Benefit]:
    """What is in force tells of the whole plan, unless an item does so itself."""
    in_force = insurance.get("inforce")
    usual = "6" if in_force is False else "1"
    items = [benefit for item in _objects(insurance, "item") for benefit in _of_item(item, usual)]
    if isinstance(in_force, bool):
        code = "1" if in_force else "6"
        is_said = any(each.code == code and each.service_types == ("30",) for each in items)
        yield from [] if is_said else [Benefit(code, ("30",))]
    yield from items


def _of_item(item: dict[str, Any], usual: str) -> Iterator[Benefit]:
    concept, needed = item.get("category"), item.get("authorizationRequired")
    category = parts.code_in(concept, parts.SERVICE) or parts.hl7_code(concept, "ex-benefitcategory")
    base = Benefit(
        code=NOT_COVERED if item.get("excluded") is True else usual,
        service_types=(category,) if category else ("",),
        level=_both(item.get("unit"), parts.LEVEL, "benefit-unit", _BY_UNIT),
        plan=_text(item, "name"),
        period=_both(item.get("term"), parts.PERIOD, "benefit-term", _BY_TERM),
        needs_authorization=needed if isinstance(needed, bool) else None,
        network=_both(item.get("network"), parts.NETWORK, "benefit-network", _BY_NETWORK),
        notes=tuple(_text(item, "description").split("\n")) if _text(item, "description") else (),
    )
    found = [benefit for each in _objects(item, "benefit") for benefit in _of_benefit(base, each)]
    is_told = any(each.code in ACTIVE | {"6", "7", "8", NOT_COVERED} for each in found)
    is_ours = bool(found) and all(parts.code_in(each.get("type"), parts.BENEFIT) for each in _objects(item, "benefit"))
    if not is_told and not is_ours:
        yield replace(base, period="", notes=())
    yield from found


def _both(concept: Any, system: str, hl7: str, codes: dict[str, str]) -> str:
    return parts.code_in(concept, system) or codes.get(parts.hl7_code(concept, hl7), "")


def _of_benefit(base: Benefit, told: dict[str, Any]) -> Iterator[Benefit]:
    kind = told.get("type")
    name = parts.hl7_code(kind, "benefit-type")
    code = parts.code_in(kind, parts.BENEFIT) or _BY_TYPE.get(name, "")
    if not code:
        return
    allowed, used = _money(told, "allowedMoney"), _money(told, "usedMoney")
    percent, quantity, unit = _unpriced(told, code)
    yield replace(base, code=code, amount=allowed, percent=percent, quantity=quantity, unit=unit)
    if allowed is not None and used is not None:
        left = replace(base, code=code, amount=allowed - used, period=REMAINING)
        yield left


def _money(told: dict[str, Any], name: str) -> Decimal | None:
    money = told.get(name)
    if money is None:
        return None
    value = number(money.get("value")) if isinstance(money, dict) else None
    if value is None or abs(value) >= _LARGEST:
        raise NoResponse(f"{name}: holds no amount")
    return value.quantize(_CENT, ROUND_HALF_UP)


def _unpriced(told: dict[str, Any], code: str) -> tuple[Decimal | None, Decimal | None, str]:
    """Percent, quantity and its unit: of a whole number, or of a text such as 20% or 20 visits."""
    whole, text = told.get("allowedUnsignedInt"), told.get("allowedString")
    if isinstance(whole, int) and not isinstance(whole, bool) and 0 <= whole < _LARGEST:
        value = Decimal(whole).quantize(_CENT)
        return (value, None, "") if code == "A" else (None, value, "")
    if not isinstance(text, str):
        return None, None, ""
    if found := _PERCENT.match(text):
        return Decimal(found[1]).quantize(_CENT), None, ""
    counted = _QUANTITY.match(text)
    return (None, Decimal(counted[1]).quantize(_CENT), counted[2].strip()) if counted else (None, None, "")


def _rejections(resource: dict[str, Any]) -> tuple[Rejection, ...]:
    """Its errors; one that ended in an error, or has not ended, without saying why is rejected by what it does say."""
    found = [_rejection(each.get("code")) for each in _objects(resource, "error")]
    outcome = resource.get("outcome")
    if not found and outcome in _NO_ANSWER:
        found = [Rejection("", text=_text(resource, "disposition") or _NO_ANSWER[outcome])]
    return tuple(found)


def _rejection(concept: Any) -> Rejection:
    text = _text(concept, "text") if isinstance(concept, dict) else ""
    code = parts.code_in(concept, parts.REJECTION)
    return Rejection(code, parts.code_in(concept, parts.FOLLOW_UP), text="" if code else text)


def _periods(insurance: dict[str, Any]) -> Iterator[Period]:
    period = insurance.get("benefitPeriod")
    if isinstance(period, dict):
        for name, what in (("start", "346"), ("end", "347")):
            day = _day(period.get(name), f"benefitPeriod.{name}")
            if day:
                yield Period(what, day)


def _day(text: Any, name: str) -> date | None:
    """A full date; one that tells less than a day counts as none."""
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise NoResponse(f"{name}: is no date") from None
