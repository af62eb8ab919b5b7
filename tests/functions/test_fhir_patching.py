"""Writes in part, deletions and reads on conditions, and $validate, on the real handler."""

import json
from typing import Any

import pytest

from tests.functions.cloud import Answer, Cloud, load
from tests.functions.test_fhir_searching import PATH, patient

PATCH = {"Content-Type": "application/json-patch+json"}


def send(cloud: Cloud, method: str, path: str, body: Any = None, query: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return cloud.request("fhir", method, f"{PATH}/{path}", body, query=query, headers=named)


@pytest.fixture
def adams(cloud: Cloud) -> Cloud:
    send(cloud, "PUT", "Patient/a", patient("a", "Adams", birthDate="1990-01-01", gender="female"))
    cloud.catch_up()
    return cloud


def patch(cloud: Cloud, *operations: Any, **headers: str) -> Answer:
    return send(cloud, "PATCH", "Patient/a", list(operations), **{"Content_Type": PATCH["Content-Type"], **headers})


def test_a_patch_changes_parts_and_makes_a_version(adams: Cloud) -> None:
    answer = patch(
        adams,
        {"op": "test", "path": "/gender", "value": "female"},
        {"op": "replace", "path": "/name/0/family", "value": "Brown"},
        {"op": "add", "path": "/active", "value": True},
        {"op": "remove", "path": "/birthDate"},
    )
    assert (answer.status, answer.headers["ETag"]) == (200, 'W/"2"')
    read = send(adams, "GET", "Patient/a").body
    assert (read["name"], read["active"], "birthDate" in read) == ([{"family": "Brown"}], True, False)


def test_a_test_that_fails_leaves_all_as_it_was_and_quotes_nothing(adams: Cloud) -> None:
    remove = {"op": "remove", "path": "/birthDate"}
    answer = patch(adams, remove, {"op": "test", "path": "/name/0/family", "value": "Brown"})
    assert (answer.status, "[1].value" in answer.text, "Adams" in answer.text) == (422, True, False)
    assert send(adams, "GET", "Patient/a").body["birthDate"] == "1990-01-01"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/resourceType"},
        {"op": "replace", "path": "/id", "value": "b"},
        {"op": "add", "path": "/nothing", "value": 1},
        {"op": "replace", "path": "/gender", "value": "unheard"},
        {"op": "remove", "path": "/name/7"},
        {"op": "leap", "path": "/name"},
        {"op": "add", "path": "name", "value": 1},
        {"op": "add", "path": "/name"},
        {"op": "replace", "path": "", "value": 1},
    ],
)
def test_a_patch_that_does_not_fit_or_leaves_no_valid_resource_is_refused(adams: Cloud, operation: Any) -> None:
    assert patch(adams, operation).status in (400, 422)
    assert send(adams, "GET", "Patient/a").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("body", ["{", "{}", "[1]", json.dumps([{"op": "remove", "path": "/x"}] * 101)])
def test_a_body_that_is_no_patch_is_refused(adams: Cloud, body: str) -> None:
    answer = send(adams, "PATCH", "Patient/a", body, Content_Type=PATCH["Content-Type"])
    assert answer.status in (400, 422)
    assert answer.body["resourceType"] == "OperationOutcome"


def test_a_patch_is_held_to_its_version_its_type_and_its_resource(adams: Cloud) -> None:
    add = {"op": "add", "path": "/active", "value": True}
    assert patch(adams, add, If_Match='W/"9"').status == 412
    assert patch(adams, add, Content_Type="application/json").status == 422
    assert send(adams, "PATCH", "Patient/z", [add], Content_Type=PATCH["Content-Type"]).status == 404
    assert patch(adams, add, If_Match='W/"1"').status == 200


def test_a_patch_that_is_sent_again_under_its_key_is_done_once(adams: Cloud) -> None:
    append = {"op": "add", "path": "/name/-", "value": {"family": "Brown"}}
    answers = [patch(adams, append, Idempotency_Key="k") for _ in range(2)]
    assert [(answer.status, answer.headers["ETag"]) for answer in answers] == [(200, 'W/"2"')] * 2
    assert len(send(adams, "GET", "Patient/a").body["name"]) == 2


def test_the_one_that_meets_a_search_is_deleted_and_several_are_refused(adams: Cloud) -> None:
    send(adams, "PUT", "Patient/b", patient("b", "Brown", gender="female"))
    adams.catch_up()
    assert send(adams, "DELETE", "Patient", query={"gender": "female"}).status == 412
    assert send(adams, "DELETE", "Patient", query={"family": "zed"}).status == 204
    assert send(adams, "DELETE", "Patient").status == 400
    assert send(adams, "DELETE", "Patient", query={"nothing": "1"}).status == 400
    assert send(adams, "DELETE", "Patient", query={"family": "adams"}).status == 204
    assert [send(adams, "GET", f"Patient/{name}").status for name in "ab"] == [410, 200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": 'W/"1"'}, 304),
        ({"If_None_Match": '"7", "1"'}, 304),
        ({"If_None_Match": 'W/"2"'}, 200),
        ({"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
        ({"If_Modified_Since": "Thu, 01 Jan 2015 00:00:00 GMT"}, 200),
        ({"If_Modified_Since": "soon"}, 200),
        ({"If_None_Match": 'W/"2"', "If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 200),
    ],
)
def test_what_is_known_is_not_read_again(adams: Cloud, headers: dict[str, str], status: int) -> None:
    answer = send(adams, "GET", "Patient/a", **headers)
    assert (answer.status, bool(answer.text), answer.headers["ETag"]) == (status, status == 200, 'W/"1"')


def test_a_write_answers_what_is_preferred(cloud: Cloud) -> None:
    kinds = {}
    for asked in ("minimal", "representation", "OperationOutcome"):
        answer = send(cloud, "PUT", f"Patient/{asked}", patient(asked, "Adams"), Prefer=f"return={asked}")
        kinds[asked] = (answer.body or {}).get("resourceType")
    assert kinds == {"minimal": None, "representation": "Patient", "OperationOutcome": "OperationOutcome"}


def test_validating_tells_what_is_wrong_and_keeps_nothing(cloud: Cloud) -> None:
    fine = send(cloud, "POST", "Patient/$validate", patient("a", "Adams"))
    wrong = send(cloud, "POST", "Patient/$validate", patient("a", "Adams", gender="unheard"))
    assert (fine.status, wrong.status) == (200, 200)
    assert "error" not in {each["severity"] for each in fine.body["issue"]}
    assert ["Patient.gender"] in [each["expression"] for each in wrong.body["issue"] if each["severity"] == "error"]
    assert send(cloud, "GET", "Patient/a").status == 404


def test_validating_takes_parameters_with_a_profile(cloud: Cloud) -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "BP"}}
    sent = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": observation}]}
    alone = send(cloud, "POST", "Observation/$validate", sent)
    profile = {"name": "profile", "valueUri": "http://hl7.org/fhir/StructureDefinition/bp"}
    held = send(cloud, "POST", "Observation/$validate", {**sent, "parameter": [*sent["parameter"], profile]})
    assert "error" not in {each["severity"] for each in alone.body["issue"]}
    assert "error" in {each["severity"] for each in held.body["issue"]}
    assert send(cloud, "POST", "Observation/$validate", {**sent, "parameter": []}).status == 400
    assert send(cloud, "POST", "Patient/$validate", sent).status == 400


ROUTES = {
    "read": ("GET", "{type}/{id}"),
    "vread": ("GET", "{type}/{id}/_history/{version}"),
    "update": ("PUT", "{type}/{id}"),
    "patch": ("PATCH", "{type}/{id}"),
    "delete": ("DELETE", "{type}/{id}"),
    "history-instance": ("GET", "{type}/{id}/_history"),
    "create": ("POST", "{type}"),
    "search-type": ("GET", "{type}"),
}
BESIDE = {
    ("GET", "metadata"),
    ("POST", ""),  # batch and transaction
    ("POST", "{type}/_search"),
    ("PUT", "{type}"),  # conditionalUpdate
    ("DELETE", "{type}"),  # conditionalDelete
    ("POST", "{type}/{check}"),  # validate
    ("GET", "Patient/{id}/{operation}"),  # everything
}


def test_the_capability_statement_says_exactly_what_is_served(cloud: Cloud) -> None:
    [rest] = send(cloud, "GET", "metadata").body["rest"]
    found = next(each for each in rest["resource"] if each["type"] == "Patient")
    told = {ROUTES[each["code"]] for each in found["interaction"]}
    paths = load("fhir").api.get_openapi_schema(title="FHIR", version="1").paths
    names = {
        "<resource_type>": "{type}",
        "<resource_id>": "{id}",
        "<version>": "{version}",
        "<operation>": "{operation}",
    }
    served = set()
    for path, item in paths.items():
        short = path.removeprefix("/v1/healthcare/fhir").lstrip("/")
        for name, shown in names.items():
            short = short.replace(name, shown)
        short = short.replace("{resource_type}", "{type}").replace("{resource_id}", "{id}")
        served |= {
            (method.upper(), short) for method in ("get", "put", "post", "patch", "delete") if getattr(item, method)
        }
    assert served == told | BESIDE
    flags = {
        name: found[name] for name in ("conditionalCreate", "conditionalUpdate", "conditionalRead", "conditionalDelete")
    }
    assert flags == {
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "conditionalRead": "full-support",
        "conditionalDelete": "single",
    }
    assert {each["name"] for each in found["operation"]} == {"validate", "everything"}
