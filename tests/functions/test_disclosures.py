"""The accounting of disclosures over the API: who may ask, what it tells, and the record that somebody asked."""

import json
from typing import Any

import pytest

from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events import Origin, StreamId
from penstock.identity.model import Scope
from penstock_healthcare.compliance import render
from penstock_healthcare.disclosures.purposes import Purpose
from penstock_healthcare.disclosures.record import Disclosure
from penstock_healthcare.disclosures.service import Disclosures
from tests.functions.cloud import Answer, Cloud
from tests.functions.test_audit import recorded
from tests.functions.test_roles import key_of
from tests.unit.healthcare.compliance.sample_data import DATA

PATH = "/v1/healthcare/disclosures"
RECIPIENT = "Sheriff of Ramsey County"


def disclose(name: str, purpose: Purpose, to: str = RECIPIENT, tenant: str = "acme") -> None:
    made = Disclosure(name, utc_now().date().isoformat(), purpose, to, "Dates of admission", "a subpoena")
    Disclosures(wiring.events()).record(tenant, "p1", made, Origin("test", f"t-{name}"))


@pytest.fixture
def office(cloud: Cloud) -> Cloud:
    disclose("a", Purpose.LAW_ENFORCEMENT)
    disclose("b", Purpose.TREATMENT, "Dr. Lind")
    for name in "cd":
        disclose(name, Purpose.PUBLIC_HEALTH, "County health office")
    disclose("x", Purpose.JUDICIAL, "The other's court", tenant="other")
    return cloud


def ask(cloud: Cloud, purpose: str = "PATRQT", key: str | None = None, **query: str) -> Answer:
    more: dict[str, Any] = {} if key is None else {"key": key}
    headers = {"X-Purpose-Of-Use": purpose}
    return cloud.request("disclosures", "GET", PATH, query={"patient": "Patient/p1", **query}, headers=headers, **more)


def of(event: Any) -> list[str]:
    """The patients whom an AuditEvent names."""
    return [each["what"]["reference"] for each in event["entity"] if "reference" in each.get("what", {})]


def test_the_accounting_fills_the_template(office: Cloud) -> None:
    answer = ask(office)
    assert answer.status == 200, answer.text
    found = answer.body["accounting"]
    assert [row["recipient"] for row in found["disclosures"]] == [RECIPIENT]
    assert [(row["recipient"], row["count"]) for row in found["series"]] == [
        ("County health office", "2 times on one day")
    ]
    assert "Lind" not in answer.text
    assert "court" not in answer.text
    letter = {name: value for name, value in DATA["accounting_of_disclosures"].items() if name not in found}
    text = render("accounting_of_disclosures", {**letter, **found}).markdown()
    assert RECIPIENT in text


def test_nothing_recorded_is_an_accounting_too(cloud: Cloud) -> None:
    found = ask(cloud).body["accounting"]
    assert (found["disclosures"], found["series"]) == (None, None)
    letter = {name: value for name, value in DATA["accounting_of_disclosures"].items() if name not in found}
    assert "no disclosures" in render("accounting_of_disclosures", {**letter, **found}).markdown()


def test_asking_leaves_an_audit_event_that_names_the_patient_and_no_recipient(office: Cloud) -> None:
    ask(office)
    (event,) = recorded(office)
    assert of(event) == ["Patient/p1"]
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "PATRQT"
    assert RECIPIENT not in json.dumps(event)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"patient": ""}, "patient"),
        ({"patient": "Observation/1"}, "patient"),
        ({"from": "2001-01-01"}, "from"),
        ({"to": "2999-01-01"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"requested": "2999-01-01"}, "requested"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_field(office: Cloud, query: dict[str, str], field: str) -> None:
    answer = ask(office, **query)
    assert answer.status == 422, answer.text
    assert field in answer.text


@pytest.mark.parametrize(
    ("role", "purpose", "status"),
    [("patient_services", "PATRQT", 200), ("compliance", "HCOMPL", 200), ("physician", "TREAT", 403)],
)
def test_roles_decide_who_may_ask(office: Cloud, role: str, purpose: str, status: int) -> None:
    assert ask(office, purpose, key_of(office, role)).status == status
    assert recorded(office)[-1]["outcome"] == ("0" if status == 200 else "8")


def test_patients_of_whom_disclosures_are_recorded_are_listed(office: Cloud) -> None:
    office.catch_up()
    (listed,) = office.request("disclosures", "GET", f"{PATH}/patients").body["items"]
    assert (listed["patient"], listed["accounted"], listed["exempt"]) == ("Patient/p1", 3, 1)
    assert of(recorded(office)[-1]) == ["Patient/p1"]
    key = office.new_key("acme", Scope.WRITE)
    assert office.request("disclosures", "GET", f"{PATH}/patients", key=key).status == 403


def test_a_patient_who_is_forgotten_leaves_a_count(office: Cloud) -> None:
    wiring.link_subjects(StreamId("acme", "disclosure", "p1"))
    wiring.subjects().forget("acme", "Patient/p1", "asked for", Origin("test", "forget"))
    wiring.events.cache_clear()
    wiring.keyring.cache_clear()
    answer = ask(office)
    assert RECIPIENT not in answer.text
    assert answer.body["erased"] == 3
