"""Agreements with senders, as data."""

import json
from typing import Any

import pytest

from penstock_healthcare.hl7 import BadProfile, check, parse
from penstock_healthcare.hl7.profiles import LARGEST, read_profile

RAW = (
    "MSH|^~\\&|LAB|HOSP|EHR||20260101||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||7^^^H^MR~8^^^H^XX||Doe^Jane\r"
    "OBR|1|||1^Potassium^L\r"
    "OBX|1|ST|1^Potassium^L||abcd||||||F\r"
    "OBX|2|NM|2^Sodium^L||140|mmol/L||Q|||F\r"
)


def found(*rules: dict[str, Any], **profile: Any) -> list[tuple[str, str, str]]:
    content = json.dumps({"name": "Ward lab", "rules": rules, **profile})
    return [(each.path, each.severity, each.rule) for each in check(parse(RAW), [read_profile(content)])]


def test_without_rules_nothing_is_asked_beside_the_standard() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"path": "PID-7", "usage": "required"}, ("PID-7", "error", "profile-required")),
        ({"path": "PID-7", "usage": "required", "severity": "warning"}, ("PID-7", "warning", "profile-required")),
        ({"path": "OBX-6", "usage": "forbidden"}, ("OBX[1]-6", "error", "profile-forbidden")),
        ({"path": "PID-3.5", "values": ["MR", "SS"]}, ("PID-3[1].5", "error", "profile-values")),
        (
            {"path": "PID.patient_identifier_list.identifier_type_code", "values": ["MR"]},
            ("PID-3[1].5", "error", "profile-values"),
        ),
        ({"path": "OBX-5", "longest": 3}, ("OBX-5", "error", "profile-length")),
        ({"path": "MSH-10", "shortest": 5}, ("MSH-10", "error", "profile-length")),
        ({"path": "PID-3", "most": 1}, ("PID-3", "error", "profile-repetitions")),
        ({"path": "PV1", "usage": "required"}, ("PV1", "error", "profile-required")),
        ({"path": "OBX", "most": 1}, ("OBX[1]", "error", "profile-repetitions")),
        ({"path": "OBR", "usage": "forbidden"}, ("OBR", "error", "profile-forbidden")),
        (
            {"path": "OBX-7", "usage": "required", "when": {"path": "OBX-2", "values": ["NM"]}},
            ("OBX[1]-7", "error", "profile-required"),
        ),
    ],
)
def test_each_rule_is_held_against_every_place_it_names(rule: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert found(rule) == [expected]


def test_what_a_rule_allows_is_no_finding() -> None:
    allowed: list[dict[str, Any]] = [
        {"path": "PID-3[0].5", "values": ["MR"]},
        {"path": "OBX-5", "longest": 4, "shortest": 3},
        {"path": "PID-7", "values": ["1970"]},
        {"path": "NTE-3", "usage": "required"},
        {"path": "OBX-6", "usage": "required", "when": {"path": "OBX-2", "values": ["NM"]}},
    ]
    assert found(*allowed) == []


@pytest.mark.parametrize(
    ("profile", "applies"),
    [
        ({"senders": [{"application": "LAB", "facility": "HOSP"}]}, True),
        ({"senders": [{"application": "LAB"}]}, True),
        ({"senders": [{"application": "RIS"}, {"facility": "HOSP"}]}, True),
        ({"senders": [{"application": "RIS"}]}, False),
        ({"messages": ["ORU^R01"]}, True),
        ({"messages": ["ORU"]}, True),
        ({"messages": ["ADT^A01"]}, False),
    ],
)
def test_a_profile_is_for_its_senders_and_messages(profile: dict[str, Any], applies: bool) -> None:
    assert bool(found({"path": "PID-7", "usage": "required"}, **profile)) == applies


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ({"rule": "table"}, 0),
        ({"rule": "table", "path": "OBX-11"}, 0),
        ({"path": "OBX-11"}, 0),
        ({"rule": "length"}, 1),
    ],
)
def test_findings_of_the_standard_can_be_left_out(ignored: dict[str, str], left: int) -> None:
    raw = RAW.replace("||||||F\rOBX", "||||||Q\rOBX")
    profile = read_profile(json.dumps({"name": "Ward lab", "ignore": [ignored]}))
    assert len(check(parse(raw))) == 1
    assert len(check(parse(raw), [profile])) == left


def test_findings_name_the_profile_and_not_the_message() -> None:
    profile = read_profile(json.dumps({"name": "Ward lab", "rules": [{"path": "OBX-5", "values": ["x"]}]}))
    text = repr(check(parse(RAW), [profile]))
    assert "Ward lab" in text
    assert "abcd" not in text


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "$"),
        ("{}", "name"),
        ('{"name": "x", "rules": [{"path": "PID-"}]}', "rules.0.path"),
        ('{"name": "x", "rules": [{"path": "OBX[1]-5"}]}', "rules.0.path"),
        ('{"name": "x", "rules": [{"path": "PID-3", "length": 1}]}', "rules.0.length"),
        ('{"name": "x", "rules": [{"path": "PID-3", "values": []}]}', "rules.0.values"),
    ],
)
def test_a_profile_that_is_none_is_refused_with_its_places(content: str, place: str) -> None:
    with pytest.raises(BadProfile) as caught:
        read_profile(content)
    assert any(each.startswith(f"{place}:") for each in caught.value.problems)


def test_a_profile_is_bounded_and_read_once() -> None:
    with pytest.raises(BadProfile):
        read_profile(b" " * (LARGEST + 1))
    assert read_profile('{"name": "x"}') is read_profile('{"name": "x"}')
