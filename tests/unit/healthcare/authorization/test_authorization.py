"""278 requests from typed fields, and 278 responses in plain words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from penstock_healthcare.authorization.answer import AuthorizationAnswer, Status, status_of, told
from penstock_healthcare.authorization.application import Application
from penstock_healthcare.authorization.x12_answer import read_authorizations
from penstock_healthcare.authorization.x12_request import application_request
from penstock_healthcare.eligibility.inquiry import Route
from penstock_healthcare.x12 import BadValue, Interchange, WrongTransaction, X12Error, check, levels, parse
from tests.unit.healthcare.samples import FOLDER

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROUTE = Route(sender="LAKESIDE", receiver="NORTHPLAN")
FIELDS: dict[str, Any] = {
    "payer": {"name": "NORTHERN HEALTH PLAN", "id": "NHP01"},
    "provider": {"name": "LAKESIDE CLINIC", "npi": "1234567893"},
    "subscriber": {"family": "OKAFOR", "given": "AMARA", "member_id": "NHP00412345", "born": "1987-03-12", "sex": "F"},
    "service_type": "PT",
    "place": "11",
    "diagnoses": ["M54.16"],
    "treatments": [{"code": "97110", "quantity": 12}, {"code": "97140", "quantity": 12}],
    "date": "2026-12-01",
    "until": "2027-01-31",
}


def message(name: str) -> str:
    return (FOLDER / f"x12_278_{name}.x12").read_text()


def made(**more: Any) -> Interchange:
    application = Application.model_validate({**FIELDS, **more})
    found = application_request(application, ROUTE, trace="LKS-8801", control_number=930, time=NOW)
    assert check(found) == []
    assert bytes(parse(bytes(found))) == bytes(found)
    return found


def rows(interchange: Interchange) -> list[str]:
    [transaction] = interchange.transactions("278")
    return [each.text for each in transaction.body]


def answer(text: str) -> AuthorizationAnswer:
    [found] = read_authorizations(parse(text))
    return found


def test_a_request_says_what_the_sample_says() -> None:
    sample = message("request").replace("9LAKESIDE1", "9123456789")
    assert rows(made()) == rows(parse(sample))


def test_a_dependent_has_a_level_of_their_own() -> None:
    child = {"family": "OKAFOR", "given": "CHIDI", "born": "2015-06-01", "relationship": "child"}
    [transaction] = made(dependent=child).transactions()
    assert [(each.number, each.parent, each.code) for each in levels(transaction)] == [
        ("1", "", "20"),
        ("2", "1", "21"),
        ("3", "2", "22"),
        ("4", "3", "23"),
        ("5", "4", "EV"),
        ("6", "5", "SS"),
        ("7", "5", "SS"),
    ]
    assert "NM1*QC*1*OKAFOR*CHIDI" in rows(made(dependent=child))


def test_an_urgent_appeal_names_the_earlier_number() -> None:
    found = rows(made(kind="urgent_appeal", urgency="urgent", earlier_number="AUTH-1", diagnoses=["M54.16", "R52"]))
    assert "UM*HS*1*PT*11:B**U" in found
    assert "REF*BB*AUTH-1" in found
    assert "HI*ABK:M5416*ABF:R52" in found


def test_modifiers_stand_with_their_code() -> None:
    assert "SV1*HC:97110:GP:59**UN*1" in rows(made(treatments=[{"code": "97110", "modifiers": ["GP", "59"]}]))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"diagnoses": []}, "diagnoses"),
        ({"diagnoses": ["back pain"]}, "diagnoses.0"),
        ({"treatments": [{"code": "97110", "quantity": 0}]}, "treatments.0.quantity"),
        ({"place": "1"}, "place"),
        ({"kind": "second"}, "kind"),
        ({"date": None}, "date"),
    ],
)
def test_what_an_application_cannot_be_is_named(more: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Application.model_validate({**FIELDS, **more})
    assert field in {".".join(map(str, each["loc"])) for each in caught.value.errors()}


def test_days_run_forward() -> None:
    with pytest.raises(ValidationError, match="must not lie before"):
        made(until="2026-11-01")


def test_a_delimiter_is_refused_with_its_place() -> None:
    with pytest.raises(BadValue, match="REF-02"):
        made(earlier_number="A~B")


@pytest.mark.parametrize(
    ("name", "status", "number", "reasons"),
    [
        ("approved", Status.APPROVED, "AUTH-20771", []),
        (
            "changed",
            Status.CHANGED,
            "AUTH-20772",
            ["certified with changes (the payer's reason: 0K)", "not certified (the payer's reason: 0V)"],
        ),
        ("denied", Status.DENIED, "", ["not certified (the payer's reason: 0V)"]),
        ("pended", Status.PENDED, "", ["pending: the payer has not decided yet (the payer's reason: 0U)"]),
        ("rejected", Status.REJECTED, "", ["subscriber: the patient is not eligible"]),
    ],
)
def test_a_decision_is_told_in_plain_words(name: str, status: Status, number: str, reasons: list[str]) -> None:
    document = told(answer(message(name)))
    assert (document["status"], document["number"], document["reasons"]) == (status.value, number, reasons)
    assert document["payer"] == "NORTHERN HEALTH PLAN"


def test_each_service_has_its_decision_or_that_of_the_case() -> None:
    approved = told(answer(message("approved")))
    assert [(each["code"], each["quantity"], each["action"], each["number"]) for each in approved["services"]] == [
        ("97110", "12", "A1", "AUTH-20771"),
        ("97140", "12", "A1", "AUTH-20771"),
    ]
    assert approved["periods"] == [{"what": "treatment", "from": "2026-12-01", "to": "2027-01-31"}]
    changed = told(answer(message("changed")))
    assert [(each["quantity"], each["meaning"]) for each in changed["services"]] == [
        ("8", "certified with changes"),
        ("12", "not certified"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("HCR*A1*AUTH-20771", "HCR*NA", Status.APPROVED),
        ("HCR*A1*AUTH-20771", "HCR*CT", Status.PENDED),
        ("HCR*A1*AUTH-20771", "HCR*A2*X", Status.CHANGED),
        ("HCR*A1*AUTH-20771", "HCR*C", Status.DENIED),
        ("HCR*A1*AUTH-20771", "HCR*ZZ", Status.PENDED),
        ("HCR*A1*AUTH-20771~\n", "", Status.PENDED),
        ("SV1*HC:97110", "HCR*A3~SV1*HC:97110", Status.CHANGED),
        ("SV1*HC:97110", "HCR*A4~SV1*HC:97110", Status.PENDED),
    ],
)
def test_what_all_verdicts_come_to(old: str, new: str, status: Status) -> None:
    assert status_of(answer(message("approved").replace(old, new, 1))) is status


def test_a_999_that_refuses_the_request_is_a_rejection() -> None:
    found = answer((FOLDER / "x12_999_rejected.x12").read_text())
    assert status_of(found) is Status.REJECTED
    assert "a required element is missing" in told(found)["reasons"][0]


@pytest.mark.parametrize("name", ["278_request", "271_active"])
def test_what_answers_no_request_is_refused(name: str) -> None:
    with pytest.raises(WrongTransaction):
        read_authorizations(parse((FOLDER / f"x12_{name}.x12").read_bytes()))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_278_is_answered_or_refused(data: st.DataObject) -> None:
    lines = message("changed").split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(1, len(lines) - 1))
        pieces = ["", "HCR", "AAA*", "HL*1*1*EV~", "HL*9*9*SS~", "SV1", lines[at][::-1], lines[at - 1]]
        lines[at] = data.draw(st.sampled_from(pieces))
    try:
        found = read_authorizations(parse("\n".join(lines)))
    except X12Error:
        return
    for each in found:
        assert told(each)["status"] in set(Status)
