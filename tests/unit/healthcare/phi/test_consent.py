"""What Consents permit: trees of provisions, read as exceptions to exceptions."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from penstock_healthcare.phi.consent import Request, decide

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def coding(code: str, system: str = ACT) -> dict[str, Any]:
    return {"system": system, "code": code}


def consent(provision: dict[str, Any] | None = None, policy: str = "", status: str = "active") -> dict[str, Any]:
    rule = {"policyRule": {"coding": [coding(policy)]}} if policy else {}
    return {"resourceType": "Consent", "status": status, **rule, **({"provision": provision} if provision else {})}


def actor(reference: str, role: str = "PRCP") -> dict[str, Any]:
    return {"role": {"coding": [coding(role)]}, "reference": {"reference": reference}}


def request(**more: Any) -> Request:
    return Request(NOW, **{"purpose": "TREAT", "actor": "Practitioner/1", "data_class": "Observation", **more})


TREE = consent(
    {
        "type": "permit",
        "purpose": [coding("TREAT"), coding("HRESCH")],
        "period": {"start": "2026-01-01", "end": "2026-11"},
        "provision": [
            {
                "type": "deny",
                "securityLabel": [coding("PSY")],
                "provision": [{"type": "permit", "actor": [actor("Practitioner/7")]}],
            },
            {"type": "deny", "purpose": [coding("HRESCH")], "class": [coding("Binary")]},
        ],
    }
)


@pytest.mark.parametrize(
    ("more", "is_permitted"),
    [
        ({"security_label": "N"}, True),
        ({"security_label": "N", "purpose": f"{ACT}|TREAT"}, True),
        ({"security_label": "N", "purpose": "HMARKT"}, False),
        ({"security_label": "PSY"}, False),
        ({"security_label": "PSY", "actor": "Practitioner/7"}, True),
        ({"security_label": "N", "purpose": "HRESCH"}, True),
        ({"security_label": "N", "purpose": "HRESCH", "data_class": "Binary"}, False),
        ({"security_label": ""}, False),
        ({"security_label": "N", "purpose": ""}, False),
    ],
)
def test_the_deepest_provision_that_matches_decides(more: dict[str, Any], is_permitted: bool) -> None:
    assert decide([TREE], request(**more)).is_permitted is is_permitted


@pytest.mark.parametrize(
    ("at", "is_permitted"),
    [
        (datetime(2025, 12, 31, 23, tzinfo=UTC), False),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 1, tzinfo=UTC), False),
    ],
)
def test_a_provision_holds_within_its_period_to_its_last_moment(at: datetime, is_permitted: bool) -> None:
    asked = Request(at, purpose="TREAT", actor="Practitioner/1", security_label="N")
    assert decide([TREE], asked).is_permitted is is_permitted


def test_the_base_policy_holds_where_no_provision_matches() -> None:
    denying = {"type": "deny", "actor": [actor("Organization/9", "CST")]}
    assert decide([consent(denying, "OPTIN")], request()).rule == "policy-permit"
    assert not decide([consent(denying, "OPTIN")], request(actor="Organization/9")).is_permitted
    assert decide([consent(None, "OPTOUT")], request()).rule == "policy-deny"


def test_of_consents_that_disagree_the_one_that_denies_counts() -> None:
    both = [consent(None, "OPTIN"), consent({"type": "deny", "purpose": [coding("TREAT")]})]
    decision = decide(both, request())
    assert (decision.is_permitted, decision.location) == (False, "Consent[1].provision")


@pytest.mark.parametrize(
    "consents", [[], [consent(None, "OPTIN", "rejected")], [consent({"type": "permit"}, status="draft")]]
)
def test_without_an_active_consent_nothing_is_permitted(consents: list[dict[str, Any]]) -> None:
    assert decide(consents, request()).rule == "no-consent"


def test_data_of_before_the_consents_period_are_not_permitted() -> None:
    of_this_year = consent({"type": "permit", "dataPeriod": {"start": "2026"}})
    assert decide([of_this_year], request(data_from=date(2026, 1, 1))).is_permitted
    assert not decide([of_this_year], request(data_from=date(2025, 12, 31))).is_permitted


@pytest.mark.parametrize(
    "wrong", [{"purpose": "TREAT"}, {"period": {"start": "soon"}}, {"actor": 7}, {"provision": "x"}]
)
def test_a_malformed_provision_breaks_nothing(wrong: dict[str, Any]) -> None:
    decide([consent({"type": "permit", **wrong})], request())


def test_a_period_that_cannot_be_read_permits_nothing() -> None:
    assert not decide([consent({"type": "permit", "period": {"start": "soon"}})], request()).is_permitted
