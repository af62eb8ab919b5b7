"""An inquiry becomes a clean 270 and a valid FHIR request, of the same fields."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from penstock_healthcare.eligibility.fhir_question import request
from penstock_healthcare.eligibility.inquiry import Inquiry, Route
from penstock_healthcare.eligibility.x12_question import question
from penstock_healthcare.fhir.validation import is_valid, validate_text
from penstock_healthcare.x12 import BadValue, Transaction, check, levels, parse

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ROUTE = Route(sender="LAKESIDE", receiver="NORTHPLAN")
FIELDS: dict[str, Any] = {
    "payer": {"name": "Northern Health Plan", "id": "NHP01"},
    "provider": {"name": "Lakeside Clinic", "npi": "1234567893"},
    "subscriber": {"family": "Okafor", "given": "Amara", "member_id": "NHP00412345", "born": "1987-03-12", "sex": "F"},
    "service_types": ["30", "98"],
    "date": "2026-12-01",
}
CHILD = {"family": "Okafor", "given": "Chidi", "born": "2015-06-01", "sex": "M", "relationship": "child"}
_NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz'-.éüñÅß", min_size=1, max_size=30).filter(
    lambda text: bool(text.strip())
)


def inquiry(**more: Any) -> Inquiry:
    return Inquiry.model_validate({**FIELDS, **more})


def asked(of: Inquiry) -> Transaction:
    made = question(of, ROUTE, trace="LKS-1", control_number=905, time=NOW)
    assert check(made) == []
    assert bytes(parse(bytes(made))) == bytes(made)
    [transaction] = made.transactions("270")
    return transaction


def texts(transaction: Transaction, name: str) -> list[str]:
    return [each.text for each in transaction.body if each.id == name]


def test_a_subscriber_is_asked_about() -> None:
    made = asked(inquiry())
    assert [each.code for each in levels(made)] == ["20", "21", "22"]
    assert texts(made, "NM1") == [
        "NM1*PR*2*Northern Health Plan*****PI*NHP01",
        "NM1*1P*2*Lakeside Clinic*****XX*1234567893",
        "NM1*IL*1*Okafor*Amara****MI*NHP00412345",
    ]
    assert texts(made, "DMG") == ["DMG*D8*19870312*F"]
    assert texts(made, "TRN") == ["TRN*1*LKS-1*9123456789"]
    assert (texts(made, "DTP"), texts(made, "EQ")) == (["DTP*291*D8*20261201"], ["EQ*30^98"])


def test_a_dependent_is_asked_about_with_the_trace_where_the_patient_is() -> None:
    made = asked(inquiry(dependent=CHILD, until="2026-12-31"))
    *_, subscriber, dependent = levels(made)
    assert (subscriber.code, dependent.code) == ("22", "23")
    assert "TRN" not in {each.id for each in subscriber.segments}
    assert [each.text for each in dependent.segments] == [
        "TRN*1*LKS-1*9123456789",
        "NM1*03*1*Okafor*Chidi",
        "DMG*D8*20150601*M",
        "INS*N*19",
        "DTP*291*RD8*20261201-20261231",
        "EQ*30^98",
    ]


def test_a_person_may_ask_and_the_day_is_today_unless_said() -> None:
    provider = {"name": "Halvorsen", "given": "Ingrid", "npi": "1234567893"}
    made = asked(inquiry(provider=provider, date=None))
    assert "NM1*1P*1*Halvorsen*Ingrid****XX*1234567893" in texts(made, "NM1")
    assert texts(made, "DTP") == ["DTP*291*D8*20261124"]


@pytest.mark.parametrize("more", [{}, {"dependent": CHILD}, {"until": "2026-12-31"}, {"date": None}])
def test_the_fhir_request_is_valid_and_says_the_same(more: dict[str, Any]) -> None:
    resource = request(inquiry(**more), id_="a", trace="LKS-1", time=NOW)
    findings = validate_text(json.dumps(resource).encode())
    assert is_valid(findings), findings
    assert {each.rule for each in findings} <= {"dom-6"}
    codes = [each["category"]["coding"][0]["code"] for each in resource["item"]]
    contained = {each["id"]: each for each in resource["contained"]}
    assert (codes, resource["identifier"]) == (["30", "98"], [{"value": "LKS-1"}])
    assert contained["coverage"]["subscriberId"] == "NHP00412345"
    assert contained["patient"]["name"][0]["given"] == (["Chidi"] if "dependent" in more else ["Amara"])


@given(_NAMES, _NAMES, st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.sampled_from(["F", "M", "U", ""]))
def test_any_person_comes_back_from_the_270(family: str, given_name: str, born: date, sex: str) -> None:
    subscriber = {"family": family, "given": given_name, "member_id": "1", "born": born, "sex": sex}
    made = asked(inquiry(subscriber=subscriber))
    [birth] = texts(made, "DMG")
    assert birth == f"DMG*D8*{born:%Y%m%d}{'*' + sex if sex else ''}"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"provider": {"name": "A", "npi": "123"}}, "provider.npi"),
        ({"service_types": ["thirty"]}, "service_types.0"),
        ({"service_types": []}, "service_types"),
        ({"subscriber": {"family": "A"}}, "subscriber.member_id"),
        ({"date": "tomorrow"}, "date"),
        ({"more": 1}, "more"),
    ],
)
def test_what_an_inquiry_cannot_be_is_named(more: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        inquiry(**more)
    assert field in {".".join(map(str, each["loc"])) for each in caught.value.errors()}


def test_a_range_runs_forward() -> None:
    with pytest.raises(ValidationError, match="must not lie before it"):
        inquiry(until="2026-11-01")


def test_a_name_with_a_delimiter_is_refused_with_its_place() -> None:
    with pytest.raises(BadValue, match="NM1-03"):
        asked(inquiry(payer={"name": "A*B", "id": "1"}))
