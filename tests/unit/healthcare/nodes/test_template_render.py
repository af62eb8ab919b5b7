"""healthcare.template.render, in a workflow that the engine runs."""

import json

import pytest

from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.state import Status
from penstock.workflows.node import Kind
from tests.unit.healthcare.compliance.sample_data import DATA
from tests.unit.healthcare.nodes.test_compliance_nodes import execute, run


@pytest.mark.parametrize("name", DATA)
def test_each_template_is_rendered_in_both_formats(name: str) -> None:
    assert catalogue()["healthcare.template.render"].kind is Kind.COMPLIANCE
    [item] = run("template.render", {"id": 7, "data": DATA[name]}, template=name)["main"]
    document = item["document"]
    assert (item["id"], document["template"], document["format"]) == (7, name, "markdown")
    assert document["answers"]
    [page] = run("template.render", {}, template=name, data=DATA[name], format="html")["main"]
    assert page["document"]["text"].startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("item", "parameters", "kind", "named"),
    [
        ({}, {"template": "breach_notice"}, "WrongData", "data: must be an object"),
        ({"data": {}}, {"template": "breach_notice"}, "WrongData", "phone: is missing"),
        ({"data": {"phone": 5, "x": "Okafor"}}, {"template": "breach_notice"}, "WrongData", "phone: must be text"),
        ({"data": {}}, {"template": "none_such"}, "UnknownTemplate", "template: there is no such template"),
    ],
)
def test_what_does_not_fit_fails_with_the_field_and_no_value(
    item: dict[str, object], parameters: dict[str, str], kind: str, named: str
) -> None:
    execution = execute("template.render", item, **parameters)
    assert execution.status is Status.FAILED
    assert execution.error
    assert execution.error["type"] == kind
    assert named in execution.error["message"]
    assert "Okafor" not in json.dumps(execution.error)
