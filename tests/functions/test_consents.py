"""Consents on reads: off unless a tenant decides otherwise, then refused or left out, and open to broken glass."""

from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import Origin
from penstock.identity.model import Scope
from tests.functions.cloud import Answer, Cloud
from tests.functions.test_audit import recorded
from tests.functions.test_fhir import PATH
from tests.unit.healthcare.samples import encoded, sample

ACCESS = "/v1/healthcare/access"


def keep(cloud: Cloud, kind: str, name: str, **elements: Any) -> None:
    body = {"resourceType": kind, "id": name, **elements}
    made = cloud.request("fhir", "PUT", f"{PATH}/{kind}/{name}", body)
    assert made.status == 201, made.text
    cloud.catch_up()


def consent(cloud: Cloud, patient: str, provision: dict[str, Any], policy: str = "OPTIN") -> None:
    """The patient's consent: OPTIN permits and OPTOUT denies where no provision matches."""
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    keep(
        cloud,
        "Consent",
        f"c-{patient}",
        status="active",
        scope={"text": "privacy"},
        category=[{"text": "privacy"}],
        patient={"reference": f"Patient/{patient}"},
        policyRule={"coding": [{"system": system, "code": policy}]},
        provision=provision,
    )


def enforce(cloud: Cloud, mode: str) -> None:
    answer = cloud.request("healthcare_access", "PUT", ACCESS, {"consent": mode, "reason": "the board decided"})
    assert (answer.status, answer.body["consent"]) == (200, mode), answer.text


def get(cloud: Cloud, path: str, purpose: str = "TREAT", reason: str = "", **more: Any) -> Answer:
    headers = {"X-Purpose-Of-Use": purpose, **({"X-Break-Glass-Reason": reason} if reason else {})}
    return cloud.request("fhir", "GET", f"{PATH}/{path}", headers=headers, **more)


@pytest.fixture
def ward(cloud: Cloud) -> Cloud:
    """Two patients with an observation each; `shy` denies research, `open` has no consent."""
    for name in ("shy", "open"):
        keep(cloud, "Patient", name)
        subject = {"reference": f"Patient/{name}"}
        keep(cloud, "Observation", f"o-{name}", status="final", code={"text": "K"}, subject=subject)
    reasons = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    consent(cloud, "shy", {"type": "deny", "purpose": [{"system": reasons, "code": "HRESCH"}]})
    return cloud


def test_consents_are_not_enforced_until_a_tenant_decides_so(ward: Cloud) -> None:
    assert ward.request("healthcare_access", "GET", ACCESS).body == {"consent": "off", "reason": ""}
    assert get(ward, "Observation/o-shy", "HRESCH").status == 200


@pytest.mark.parametrize(
    "path", ["Observation/o-shy", "Patient/shy", "Patient/shy/_history", "Patient/shy/$everything"]
)
def test_what_a_consent_denies_is_refused_and_recorded(ward: Cloud, path: str) -> None:
    enforce(ward, "opt_out")
    assert get(ward, path).status == 200
    refused = get(ward, path, "HRESCH")
    assert (refused.status, "rule consent" in refused.text, "HRESCH" in refused.text) == (403, True, True)
    assert recorded(ward)[-1]["outcome"] == "8"


def test_a_search_leaves_out_what_consents_deny_and_says_how_much(ward: Cloud) -> None:
    enforce(ward, "opt_out")
    found = get(ward, "Observation", "HRESCH").body
    shown = [each["resource"] for each in found["entry"]]
    assert [each.get("id", "outcome") for each in shown] == ["o-open", "outcome"]
    assert shown[1]["issue"][0]["diagnostics"].startswith("1 resources are left out")
    assert "total" not in found
    read = [each["what"]["reference"] for each in recorded(ward)[-1]["entity"] if "what" in each]
    assert read == ["Observation/o-open", "Patient/open"]
    assert len(get(ward, "Observation").body["entry"]) == 2


def test_without_a_consent_opt_in_shows_nothing(ward: Cloud) -> None:
    enforce(ward, "opt_in")
    assert get(ward, "Observation/o-open").status == 403
    assert get(ward, "Observation/o-shy").status == 200
    assert get(ward, "Consent/c-shy", "HRESCH").status == 200, "what is permitted may be read by all"


def test_broken_glass_overrides_a_consent_and_is_recorded(ward: Cloud) -> None:
    enforce(ward, "opt_in")
    assert get(ward, "Observation/o-open", "ETREAT").status == 403
    assert get(ward, "Observation/o-open", "ETREAT", "unconscious").status == 200
    last = recorded(ward)[-1]
    assert (last["outcome"], last["purposeOfEvent"][0]["text"]) == ("0", "unconscious")
    assert len([stream for stream in ward.streams() if stream.kind == "event"]) == 1


def test_a_role_that_may_not_break_the_glass_is_bound_by_consents(ward: Cloud) -> None:
    enforce(ward, "opt_in")
    _, key = wiring.keys().create("acme", "r", [Scope.READ], Origin("t", "t"), roles=["public_health"])
    assert get(ward, "Observation/o-shy", "PUBHLTH", key=key).status == 200
    assert get(ward, "Observation/o-open", "PUBHLTH", key=key).status == 403
    assert get(ward, "Observation/o-open", "BTG", "curious", key=key).status == 403


def test_messages_are_held_to_the_consents_of_their_patients(ward: Cloud) -> None:
    raw = {"raw": encoded(sample("oru_r01_normal"))}
    message = ward.request("hl7_messages", "POST", "/v1/healthcare/messages", raw).body["id"]
    path = f"/v1/healthcare/messages/{message}"
    assert ward.request("hl7_messages", "GET", path).status == 200
    enforce(ward, "opt_in")
    refused = ward.request("hl7_messages", "GET", path)
    assert (refused.status, "rule consent" in refused.text) == (403, True)
    patient = next(ref for each in recorded(ward)[-2]["entity"] if (ref := each["what"].get("reference")))
    consent(ward, patient.partition("/")[2], {"type": "permit"})
    assert ward.request("hl7_messages", "GET", path).status == 200


def test_each_change_of_the_setting_is_on_record_once(ward: Cloud) -> None:
    for mode in ("opt_in", "opt_in", "off"):
        enforce(ward, mode)
    (stream,) = [each for each in ward.streams() if each.kind == "healthcare_access"]
    events = [event for commit in wiring.events().commits(stream) for event in commit.events]
    assert [(event.data["mode"], event.data["reason"]) for event in events] == [
        ("opt_in", "the board decided"),
        ("off", "the board decided"),
    ]
    assert get(ward, "Observation/o-open").status == 200
    reader = ward.new_key("acme", Scope.READ)
    assert ward.request("healthcare_access", "PUT", ACCESS, {"consent": "off", "reason": "x"}, key=reader).status == 403
