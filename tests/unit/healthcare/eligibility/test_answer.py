"""271s and FHIR responses in plain words, and from the one to the other."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.eligibility.answer import Answer, Benefit, Member, Period, Rejection, Status, decide, told
from penstock_healthcare.eligibility.fhir_answer import response
from penstock_healthcare.eligibility.fhir_reading import NoResponse, read_response
from penstock_healthcare.eligibility.x12_answer import read_answers
from penstock_healthcare.fhir import text
from penstock_healthcare.fhir.validation import is_valid, validate_text
from penstock_healthcare.x12 import BadValue, WrongTransaction, X12Error, parse
from tests.unit.healthcare.samples import FOLDER

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ACTIVE = (FOLDER / "x12_271_active.x12").read_text()
ANSWERS = ("active", "inactive_dependent", "rejected")


def answer(name: str) -> Answer:
    [found] = read_answers(parse((FOLDER / f"x12_271_{name}.x12").read_bytes()))
    return found


def active(old: str, new: str) -> Answer:
    [found] = read_answers(parse(ACTIVE.replace(old, new, 1)))
    return found


def amounts(of: Answer) -> list[dict[str, Any]]:
    return list(told(of, decide(of))["amounts"])


def test_an_active_plan_is_told_in_plain_words() -> None:
    found = answer("active")
    document = told(found, decide(found))
    assert (document["status"], document["reasons"], document["trace"]) == ("covered", [], "LKS-4711")
    assert document["payer"] == {"name": "NORTHERN HEALTH PLAN", "id": "NHP01"}
    assert (document["plan"], document["member"]["group"]) == ("SILVER FAMILY PPO", "GRP-2207")
    assert (document["member"]["id"], document["member"]["family"]) == ("NHP00412345", "OKAFOR")
    assert document["periods"] == [
        {"what": "plan begins", "from": "2026-01-01", "to": None},
        {"what": "plan ends", "from": "2026-12-31", "to": None},
    ]
    covered = {each["code"]: each["is_covered"] for each in document["services"]}
    assert covered == {"30": True, "33": True, "48": True, "50": True, "86": True, "98": True, "MH": True, "35": False}


def test_amounts_have_two_digits_and_say_what_remains() -> None:
    found = [
        (each["kind"], each["amount"] or each["percent"], each["is_remaining"], each["network"], each["level"])
        for each in amounts(answer("active"))
    ]
    assert found == [
        ("deductible", "1500.00", False, "in", "individual"),
        ("deductible", "412.50", True, "in", "individual"),
        ("deductible", "3000.00", False, "in", "family"),
        ("out_of_pocket", "6500.00", False, "in", "individual"),
        ("out_of_pocket", "5120.75", True, "in", "individual"),
        ("copay", "25.00", False, "in", "individual"),
        ("coinsurance", "20.00", False, "in", "individual"),
        ("coinsurance", "40.00", False, "out", "individual"),
        ("limit", None, False, "in", "individual"),
    ]
    copay, limit = amounts(answer("active"))[5], amounts(answer("active"))[8]
    assert copay["notes"] == ["NO COPAY FOR THE FIRST VISIT OF THE YEAR"]
    assert (limit["quantity"], limit["unit"]) == ("20.00", "visits")


def test_the_names_of_others_are_not_the_members() -> None:
    assert "HALVORSEN" not in str(answer("active"))


@pytest.mark.parametrize(
    ("wanted", "status", "reason"),
    [
        (["98"], Status.COVERED, ""),
        (["98", "48"], Status.COVERED, ""),
        (["35"], Status.NOT_COVERED, "dental care: not covered"),
        (["98", "35"], Status.NOT_COVERED, "dental care: not covered"),
        (["AL"], Status.NOT_COVERED, "vision: the payer did not say"),
    ],
)
def test_every_wanted_service_has_to_be_covered(wanted: list[str], status: Status, reason: str) -> None:
    found = decide(answer("active"), wanted)
    assert (found.status, found.reasons) == (status, (reason,) if reason else ())


def test_what_is_not_covered_out_of_network_only_is_covered() -> None:
    assert decide(active("EB*I**35", "EB*1**35~EB*I**35*********N"), ["35"]).status is Status.COVERED


def test_a_no_counts_before_a_yes() -> None:
    assert decide(active("EB*I**35", "EB*1**35~EB*I**35"), ["35"]).status is Status.NOT_COVERED


def test_a_dependent_with_an_ended_plan_is_not_covered() -> None:
    found = answer("inactive_dependent")
    assert (found.member.is_dependent, found.member.id, found.member.given) == (True, "NHP00298113", "MAJA")
    assert found.member.born == date(2014, 9, 5)
    assert decide(found).reasons == ("the plan as a whole: inactive",)
    assert decide(found, ["98"]).reasons == ("a doctor's visit in the office: inactive",)


def test_a_rejection_says_why_and_what_to_do() -> None:
    found = answer("rejected")
    document = told(found, decide(found))
    assert document["status"] == "rejected"
    assert document["reasons"] == [
        "subscriber: the subscriber's id is missing or wrong; correct the request and send it again",
        "subscriber: the date of birth is missing or wrong; correct the request and send it again",
    ]
    assert [each["code"] for each in document["rejections"]] == ["72", "58"]


def test_a_payer_who_cannot_answer_at_all_has_rejected() -> None:
    head, _, _ = (FOLDER / "x12_271_rejected.x12").read_text().partition("HL*2*1")
    raw = head.replace("20*1~", "20*0~") + "AAA*Y**42*P~SE*6*0001~GE*1*4312~IEA*1*000004312~"
    [found] = read_answers(parse(raw))
    assert decide(found).reasons == ("payer: the payer's system cannot answer at the moment; send it again, as it is",)


def test_a_271_may_answer_about_several_patients() -> None:
    subscriber = "HL*3*2*22*1~\nNM1*IL*1*LINDQVIST*ERIK****MI*NHP00298113~"
    raw = (FOLDER / "x12_271_inactive_dependent.x12").read_text().replace(subscriber, subscriber + "EB*1**30~")
    erik, maja = read_answers(parse(raw))
    assert (decide(erik).status, decide(maja).status) == (Status.COVERED, Status.NOT_COVERED)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("*23*1500*", "*23*15OO*", "EB-07"),
        ("*23*1500*", "*23*1e9*", "EB-07"),
        ("*23*1500*", "*23*" + "9" * 5_000 + "*", "EB-07"),
        ("**.2*", "**NaN*", "EB-08"),
        ("D8*20260101", "D8*20260231", "DTP-03"),
        ("D8*19870312", "D8*1987", "DMG-02"),
    ],
)
def test_what_is_no_number_or_date_is_refused_with_its_place(old: str, new: str, path: str) -> None:
    with pytest.raises(BadValue) as caught:
        active(old, new)
    assert caught.value.path == path


def test_what_is_no_271_is_refused() -> None:
    with pytest.raises(WrongTransaction):
        read_answers(parse((FOLDER / "x12_270_subscriber.x12").read_bytes()))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_271_is_answered_or_refused(data: st.DataObject) -> None:
    lines = ACTIVE.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(1, len(lines) - 1))
        lines[at] = data.draw(st.sampled_from(["", "EB", "AAA*", "HL*1*1*23~", "LS~", lines[at][::-1], lines[at - 1]]))
    try:
        found = read_answers(parse("\n".join(lines)))
    except X12Error:
        return
    for each in found:
        json.dumps(told(each, decide(each)))
        assert is_valid(valid(response(each, id_="a", time=NOW)))


def valid(resource: dict[str, Any]) -> Any:
    return validate_text(text.write(resource).encode())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_271_becomes_a_valid_fhir_response_with_the_same_plain_answer(name: str) -> None:
    before = answer(name)
    resource = json.loads(json.dumps(response(before, id_="a", time=NOW)))
    findings = valid(resource)
    assert is_valid(findings), findings
    assert {each.rule for each in findings} <= {"dom-6"}
    after = read_response(resource)
    for wanted in (["30"], ["98"], ["35"], ["AL"], ["30", "48"]):
        first, second = decide(before, wanted), decide(after, wanted)
        assert (first.status, first.services) == (second.status, second.services)
    assert by_service(before) == by_service(after)
    assert (after.trace, after.payer, after.member) == (before.trace, before.payer, before.member)
    assert [(each.code, each.action) for each in after.rejections] == [
        (each.code, each.action) for each in before.rejections
    ]


def by_service(of: Answer) -> list[str]:
    """What is told, one entry for each service, in an order of its own."""
    codes = ((each, code) for each in of.benefits for code in each.service_types or ("30",))
    return sorted(repr(replace(each, service_types=(code,))) for each, code in codes)


_CENTS = st.decimals(0, 99_999, places=2)
_BENEFITS = st.builds(
    Benefit,
    code=st.sampled_from("1236ABCFGIY"),
    service_types=st.lists(st.sampled_from(["30", "98", "MH", "1"]), min_size=1, max_size=3, unique=True).map(tuple),
    level=st.sampled_from(["", "IND", "FAM", "EMP"]),
    plan=st.sampled_from(["", "SILVER"]),
    period=st.sampled_from(["", "23", "29", "27", "32", "7"]),
    amount=st.none() | _CENTS,
    percent=st.none(),
    needs_authorization=st.sampled_from([None, True, False]),
    network=st.sampled_from(["", "Y", "N", "W"]),
    notes=st.sampled_from([(), ("NOTE",), ("A", "B")]),
)
_PERCENTS = st.builds(Benefit, code=st.just("A"), service_types=st.just(("98",)), percent=_CENTS)
_QUANTITIES = st.builds(
    Benefit, code=st.just("F"), service_types=st.just(("33",)), quantity=_CENTS, unit=st.sampled_from(["visits", ""])
)
_WHOLE = st.sampled_from([(), (Benefit("1", ("30",)),), (Benefit("6", ("30",)),)])


@settings(max_examples=60, deadline=None)
@given(_WHOLE, st.lists(_BENEFITS | _PERCENTS | _QUANTITIES, max_size=8))
def test_any_benefits_come_back_from_a_valid_fhir_response(whole: tuple[Benefit, ...], others: list[Benefit]) -> None:
    before = Answer("T-1", "NHP", "N1", Member("M1", "OKAFOR", "AMARA"), (*whole, *others))
    resource = json.loads(json.dumps(response(before, id_="a", time=NOW)))
    assert is_valid(valid(resource))
    after = read_response(resource)
    assert by_service_without_whole(before) == by_service_without_whole(after)
    for wanted in (["30"], ["98"], ["MH", "1"]):
        assert decide(before, wanted).status == decide(after, wanted).status


def by_service_without_whole(of: Answer) -> list[str]:
    return [
        each
        for each in by_service(of)
        if not each.startswith(("Benefit(code='1', service_types=('30'", "Benefit(code='6', service_types=('30'"))
    ]


def foreign(**insurance: Any) -> dict[str, Any]:
    """A response of a payer that speaks HL7's codes."""
    return {
        "resourceType": "CoverageEligibilityResponse",
        "status": "active",
        "outcome": "complete",
        "insurer": {"display": "Northern"},
        "insurance": [{"coverage": {"reference": "Coverage/1"}, **insurance}],
    }


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def test_anothers_response_is_read_by_hl7s_codes() -> None:
    item = {
        "category": concept("ex-benefitcategory", "30"),
        "network": concept("benefit-network", "in"),
        "unit": concept("benefit-unit", "individual"),
        "term": concept("benefit-term", "annual"),
        "benefit": [
            {
                "type": concept("benefit-type", "deductible"),
                "allowedMoney": {"value": 500},
                "usedMoney": {"value": 120.5},
            },
            {"type": concept("benefit-type", "copay-percent"), "allowedUnsignedInt": 20},
            {"type": concept("benefit-type", "copay"), "allowedMoney": {"value": "25"}},
        ],
    }
    found = read_response(
        foreign(inforce=True, item=[item], benefitPeriod={"start": "2026-01-01", "end": "2026-12-31"})
    )
    assert decide(found).status is Status.COVERED
    assert [(each["kind"], each["amount"] or each["percent"], each["is_remaining"]) for each in amounts(found)] == [
        ("deductible", "500.00", False),
        ("deductible", "379.50", True),
        ("coinsurance", "20.00", False),
        ("copay", "25.00", False),
    ]
    assert found.periods == (Period("346", date(2026, 1, 1)), Period("347", date(2026, 12, 31)))


def test_a_plan_that_is_not_in_force_covers_none_of_its_items() -> None:
    item = {"category": concept("ex-benefitcategory", "98")}
    assert decide(read_response(foreign(inforce=False, item=[item])), ["98"]).status is Status.NOT_COVERED
    assert decide(read_response(foreign(inforce=True, item=[item])), ["98"]).status is Status.COVERED
    assert decide(read_response(foreign(inforce=True, item=[{**item, "excluded": True}])), ["98"]).reasons == (
        "a doctor's visit in the office: not covered",
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"outcome": "error"}, "the payer could not answer"),
        ({"outcome": "error", "disposition": "System down"}, "System down"),
        ({"outcome": "queued"}, "the payer has not answered yet"),
        ({"outcome": "error", "error": [{"code": {"text": "No such member"}}]}, "No such member"),
    ],
)
def test_a_response_without_an_answer_is_rejected_with_what_it_says(more: dict[str, Any], reason: str) -> None:
    found = decide(read_response({**foreign(), "insurance": [], **more}))
    assert (found.status, found.reasons) == (Status.REJECTED, (reason,))


@pytest.mark.parametrize(
    "resource",
    [
        None,
        {"resourceType": "Patient"},
        {**foreign(), "insurance": {}},
        {**foreign(), "error": ["Okafor"]},
        foreign(item=[{"benefit": [{"type": concept("benefit-type", "copay"), "allowedMoney": {"value": "Okafor"}}]}]),
        foreign(item=[{"benefit": [{"type": concept("benefit-type", "copay"), "allowedMoney": {"value": "1e30"}}]}]),
        foreign(benefitPeriod={"start": "2026-99-99"}),
    ],
)
def test_what_is_no_response_is_refused_and_not_quoted(resource: Any) -> None:
    with pytest.raises(NoResponse) as caught:
        read_response(resource)
    assert "Okafor" not in str(caught.value)


def test_a_rejection_without_a_code_says_so() -> None:
    assert Rejection("").meaning == "the payer gave no reason"
    assert Decimal("1.00") == Decimal(amounts(Answer(benefits=(Benefit("B", amount=Decimal(1)),)))[0]["amount"])
