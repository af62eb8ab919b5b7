"""FHIR's search on the real handler: pages, order, includes, and what is filed under a patient."""

from typing import Any

import pytest

from penstock.aws import wiring
from penstock.events import Origin
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.search import finding
from penstock_healthcare.fhir.validation import is_valid, validate_text
from tests.functions.cloud import Answer, Cloud

PATH = "/v1/healthcare/fhir"


def patient(name: str, family: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "name": [{"family": family}], **more}


def observation(name: str, about: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": f"Patient/{about}"},
        "performer": [{"reference": "Practitioner/d"}],
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        **more,
    }


THINGS = (
    patient("a", "Adams", birthDate="1990-01-01", identifier=[{"system": "urn:mrn", "value": "1"}]),
    patient("b", "Brown", birthDate="1980-01-01", identifier=[{"system": "urn:mrn", "value": "2"}]),
    patient("c", "Clark"),
    *(observation(f"a{number}", "a", f"{number}.0") for number in range(5)),
    observation("b0", "b", "9.00"),
    {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Doc"}]},
    {
        "resourceType": "Provenance",
        "id": "v",
        "target": [{"reference": "Observation/b0"}],
        "recorded": "2026-11-24T08:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/d"}}],
    },
)


@pytest.fixture
def filled(cloud: Cloud) -> Cloud:
    for place, thing in enumerate(THINGS):
        Resources(wiring.events()).save("acme", thing, Origin("test", "test"), f"{place}")
    cloud.catch_up()
    return cloud


def get(cloud: Cloud, path: str, query: Any = None, **headers: str) -> Answer:
    answer = cloud.request("fhir", "GET", f"{PATH}/{path}", query=query, headers=headers)
    findings = validate_text(answer.text.encode())
    assert is_valid(findings), [each for each in findings if each.severity == "error"]
    return answer


def names(bundle: Any, mode: str = "match") -> list[str]:
    return [each["resource"]["id"] for each in bundle.get("entry", []) if each["search"]["mode"] == mode]


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("Observation", {"patient": "a", "value-quantity": "ge3"}, {"a3", "a4"}),
        ("Observation", {"subject": "Patient/b"}, {"b0"}),
        ("Observation", {"subject": "Patient/a,Patient/b", "value-quantity": ["gt3", "lt9.5"]}, {"a4", "b0"}),
        ("Observation", {"code": "http://loinc.org|2823-3", "patient": "Patient/b"}, {"b0"}),
        ("Observation", {"patient:not": "a"}, None),
        ("Patient", {"identifier": "urn:mrn|2"}, {"b"}),
        ("Patient", {"identifier": "1,2"}, {"a", "b"}),
        ("Patient", {"_id": "a,c,z"}, {"a", "c"}),
        ("Patient", {"birthdate:missing": "true"}, {"c"}),
        ("Patient", {"family": ["a", "b"]}, set()),
        ("Provenance", {"target": "Observation/b0"}, {"v"}),
    ],
)
def test_a_search_finds(filled: Cloud, path: str, query: dict[str, Any], found: set[str] | None) -> None:
    answer = get(filled, path, query)
    assert (answer.status, set(names(answer.body)) if answer.status == 200 else None) == (
        200 if found is not None else 400,
        found,
    )


@pytest.mark.parametrize(
    ("sort", "order"), [("family", "abc"), ("-family", "cba"), ("birthdate", "bac"), ("-birthdate", "abc")]
)
def test_what_is_found_is_sorted_and_those_without_a_value_come_last(filled: Cloud, sort: str, order: str) -> None:
    assert names(get(filled, "Patient", {"_sort": sort}).body) == list(order)


@pytest.mark.parametrize("query", [{}, {"value-quantity": "gt0.5"}, {"_sort": "value-quantity"}, {"patient": "a"}])
def test_every_resource_is_on_one_page(filled: Cloud, query: dict[str, str]) -> None:
    whole = names(get(filled, "Observation", query).body)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(5):
        bundle = get(filled, "Observation", {**query, "_count": "2", **cursor}).body
        assert len(names(bundle)) <= 2
        seen += names(bundle)
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        if "next" not in links:
            break
        cursor = {"_cursor": links["next"].partition("_cursor=")[2]}
    assert seen == whole


def test_a_page_that_has_read_enough_says_how_to_go_on(filled: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_READ", 2)
    monkeypatch.setattr(finding, "LARGEST_PAGE", 2)
    bundle = get(filled, "Observation", {"value-quantity": "0.0"}).body
    assert (names(bundle), [link["relation"] for link in bundle["link"]]) == ([], ["self", "next"])
    assert get(filled, "Observation", {"_sort": "date"}).body["issue"][0]["code"] == "too-costly"


def test_includes_go_both_ways(filled: Cloud) -> None:
    query = {"_id": "b0", "_include": ["Observation:patient", "Observation:performer:Practitioner"]}
    bundle = get(filled, "Observation", {**query, "_revinclude": "Provenance:target"}).body
    assert (names(bundle), names(bundle, "include")) == (["b0"], ["b", "d", "v"])
    both = get(filled, "Patient", {"_id": "b", "_revinclude": "Observation:patient"}).body
    assert names(both, "include") == ["b0"]


def test_a_count_alone_brings_no_resources(filled: Cloud) -> None:
    bundle = get(filled, "Observation", {"_summary": "count"}).body
    assert (bundle["total"], "entry" in bundle) == (6, False)


def test_a_form_is_a_search(filled: Cloud) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = filled.request("fhir", "POST", f"{PATH}/Patient/_search", "family=bro&_count=5", headers=headers)
    assert names(answer.body) == ["b"]


def test_a_strict_client_is_told_what_is_not_known(filled: Cloud) -> None:
    assert get(filled, "Patient", {"shoe": "44"}).body["link"][0]["url"].endswith("/Patient")
    assert get(filled, "Patient", {"shoe": "44"}, Prefer="handling=strict").status == 400


def test_a_cursor_of_another_search_is_refused(filled: Cloud) -> None:
    for cursor in ("x", "MQ", "eyJhIjoxfQ"):
        assert get(filled, "Patient", {"_cursor": cursor}).status == 400
    assert get(filled, "Patient", {"_sort": "family", "_cursor": "W251bGwsIiJd"}).status == 400


def test_everything_of_a_patient_is_what_is_filed_under_them_and_what_that_refers_to(filled: Cloud) -> None:
    bundle = get(filled, "Patient/b/$everything").body
    assert names(bundle) == ["b", "b0", "d"]
    page = get(filled, "Patient/a/$everything", {"_count": "2", "_type": "Observation,Patient"}).body
    assert (names(page), page["total"]) == (["a", "a0"], 6)
    assert get(filled, "Patient/z/$everything").status == 404


def test_a_large_resource_is_found_and_shown_whole(filled: Cloud) -> None:
    text = "<div xmlns='http://www.w3.org/1999/xhtml'>" + "long " * 50_000 + "</div>"
    large = patient("l", "Large", text={"status": "generated", "div": text})
    Resources(wiring.events()).save("acme", large, Origin("test", "test"), "large")
    filled.catch_up()
    [entry] = get(filled, "Patient", {"family": "Large"}).body["entry"]
    assert entry["resource"]["text"]["div"] == text


def test_the_capability_statement_lists_what_the_tables_have(cloud: Cloud) -> None:
    statement = get(cloud, "metadata").body
    [rest] = statement["rest"]
    patients = next(each for each in rest["resource"] if each["type"] == "Patient")
    assert {"family", "birthdate", "_id"} <= {each["name"] for each in patients["searchParam"]}
    assert "phonetic" not in {each["name"] for each in patients["searchParam"]}
    assert len(rest["resource"]) > 140
