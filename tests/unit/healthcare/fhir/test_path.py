"""FHIRPath on resources."""

from decimal import Decimal
from typing import Any

import pytest

from penstock_healthcare.fhir.definitions import r4
from penstock_healthcare.fhir.formats import read
from penstock_healthcare.fhir.node import Node, tree
from penstock_healthcare.fhir.path import BadExpression, BadOperand, Context, TooCostly, evaluate
from penstock_healthcare.fhir.path.values import plain

PATIENT = b"""{"resourceType": "Patient", "id": "p", "active": true, "birthDate": "1974-12-25",
  "name": [{"use": "official", "family": "Chalmers", "given": ["Peter", "James"]}, {"use": "usual", "given": ["Jim"]}],
  "deceasedBoolean": false, "managingOrganization": {"reference": "#o"},
  "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
  "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                                "valueDateTime": "1974-12-25T14:35:45-05:00"}]}}"""
OBSERVATION = b"""{"resourceType": "Observation", "status": "final", "code": {"text": "K"},
  "valueQuantity": {"value": 1.00, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}"""


def node(content: bytes = PATIENT) -> Node:
    resource = read(content).resource
    assert resource is not None
    root = tree(resource, r4())
    assert root is not None
    return root


def found(expression: str, content: bytes = PATIENT) -> list[Any]:
    return [plain(each) for each in evaluate(expression, node(content))]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("Patient.name.given", ["Peter", "James", "Jim"]),
        ("name.where(use = 'official').given.first()", ["Peter"]),
        ("name[1].given[0] & '!'", ["Jim!"]),
        ("name.given.count() + 1", [4]),
        ("name.exists(family = 'Chalmers') and active", [True]),
        ("name.all(given.exists())", [True]),
        ("name.family.empty() implies 1 = 2", [True]),
        ("{} and false", [False]),
        ("{} or true", [True]),
        ("{} and true", []),
        ("name.given contains 'Jim'", [True]),
        ("('a' | 'b' | 'a').count()", [2]),
        ("(1 | 2).combine(1).isDistinct()", [False]),
        ("name.given.select($this.length())", [5, 5, 3]),
        ("(1 | 2 | 3).aggregate($this + $total, 0)", [6]),
        ("deceased is boolean", [True]),
        ("deceased.ofType(string)", []),
        ("iif(active, 'yes', 'no')", ["yes"]),
        ("2 + 3 * 4", [14]),
        ("-(3).abs()", [-3]),
        ("7 div 2 = 3 and 7 mod 2 = 1", [True]),
        ("1 / 0", []),
        ("1.0 = 1", [True]),
        ("'A  b' ~ 'a B'", [True]),
        ("'abc'.substring(1, 1)", ["b"]),
        ("'2020-01-01'.toDate() < @2020-02", [True]),
        ("@2020 = @2020-01", []),
        ("@2020-01-31 + 1 month = @2020-02-29", [True]),
        ("@2020-01-01T10:00:00Z = @2020-01-01T12:00:00+02:00", [True]),
        ("birthDate < today()", [True]),
        ("'1.50'.toDecimal()", [Decimal("1.50")]),
        ("'abc'.matches('[a-c]+')", [True]),
        ("'a1b'.replaceMatches('[0-9]', '-')", ["a-b"]),
        ("name.given.tail().skip(1).take(1)", ["Jim"]),
        ("name.given.intersect('Jim' | 'Bob')", ["Jim"]),
        ("managingOrganization.resolve().name", ["Ward"]),
        ("contained.where(resolve().exists()).empty()", [True]),
        ("birthDate.extension('http://hl7.org/fhir/StructureDefinition/patient-birthTime').exists()", [True]),
        ("birthDate.hasValue() and name.hasValue().not()", [True]),
        ("descendants().where($this is Organization).id", ["o"]),
        ("%resource.id = %context.id", [True]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("name.repeat(given).count()", [3]),
        ("Observation.status", []),
        ("DomainResource.id", ["p"]),
        ("`name`.given[2]", ["Jim"]),
    ],
)
def test_an_expression_finds(expression: str, wanted: list[Any]) -> None:
    assert found(expression) == wanted


def test_a_quantity_is_compared_by_its_unit() -> None:
    assert found("value > 0.5 'mg'", OBSERVATION) == [True]
    assert found("value > 0.5 'kg'", OBSERVATION) == []
    assert found("(value as Quantity).value", OBSERVATION) == [Decimal("1.00")]


def test_what_is_found_says_where_it_is() -> None:
    assert [each.location() for each in evaluate("name.given", node())] == [
        "Patient.name[0].given[0]",
        "Patient.name[0].given[1]",
        "Patient.name[1].given[0]",
    ]
    assert evaluate("value.unit", node(OBSERVATION))[0].location() == "Observation.value.ofType(Quantity).unit"


@pytest.mark.parametrize("expression", ["", "name.", "name..given", "name.nothing()", "'open", "where()", "1 +", "#"])
def test_what_is_no_fhirpath_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression):
        found(expression)


@pytest.mark.parametrize(
    "expression", ["name.given.single()", "name.given.length()", "active + 1", "'a' < 1", "%nothing"]
)
def test_what_an_operation_cannot_take_is_an_error(expression: str) -> None:
    with pytest.raises(BadOperand):
        found(expression)


def test_nesting_is_bounded() -> None:
    with pytest.raises(BadExpression, match="deep"):
        found("(" * 5_000 + "1" + ")" * 5_000)


def test_steps_are_bounded() -> None:
    root = node()
    with pytest.raises(TooCostly):
        evaluate(
            "descendants().select(%resource.descendants().select(%resource.descendants()))",
            root,
            Context([root], lambda _: None, steps=5_000),
        )
