"""healthcare.result.create"""

from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from penstock.clock import iso
from penstock.fields import FieldPath, put
from penstock.json import JSONObject
from penstock.workflows.node import Call, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.nodes.clinical import About, Coded, about, present, reference
from penstock_healthcare.nodes.fhir_transaction import transacted
from penstock_healthcare.nodes.resources import Reference, each, exact, failing, interactions

MOST_OBSERVATIONS = 100
_INTERPRETATIONS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_UNITS = "http://unitsofmeasure.org"


class Observed(NodeParameters):
    """One value that was found."""

    code: Coded = Field(description="What was looked at: Potassium")
    value: Decimal | None = Field(
        default=None, max_digits=30, description="A number; as text it keeps its digits: 4.10"
    )
    unit: str = Field(default="", max_length=50, description="The number's unit in UCUM: mmol/L")
    text: str = Field(default="", max_length=4_000, description="Or the finding in words")
    interpretation: str = Field(
        default="", pattern=r"^[A-Z<>]{0,4}$", description="N, L, H, LL, HH, A, AA …, as the laboratory flagged it"
    )
    low: Decimal | None = Field(default=None, max_digits=30, description="The lower end of the reference range")
    high: Decimal | None = Field(default=None, max_digits=30, description="The upper end of the reference range")

    @model_validator(mode="after")
    def _has_one(self) -> "Observed":
        if (self.value is None) == (not self.text):
            raise ValueError("give either value or text")
        return self

    def quantity(self, value: Decimal | None) -> JSONObject | None:
        """A number with the unit, as items hold it."""
        coded = {"unit": self.unit, "system": _UNITS, "code": self.unit} if self.unit else {}
        return None if value is None else {"value": format(value, "f"), **coded}


class Parameters(About):
    """What was found in whom."""

    into: FieldPath = Field(
        default="result",
        description="The field of the item that gets `report` and `observations`, each with `reference` and `version`",
    )
    code: Coded = Field(description="What the report is about: Electrolytes panel")
    observations: tuple[Observed, ...] = Field(min_length=1, max_length=MOST_OBSERVATIONS, description="What was found")
    order: Reference | None = Field(default=None, description="The order that it answers: ServiceRequest/5")
    performer: Reference | None = Field(default=None, description="Who found it: Organization/4")
    status: Literal["preliminary", "final", "corrected"] = Field(default="final", description="Whether it is finished")
    category: str = Field(default="Laboratory", min_length=1, max_length=50, description="Laboratory, Imaging, Exam …")
    observed: AwareDatetime | None = Field(default=None, description="When it was found; now when left out")
    conclusion: str = Field(default="", max_length=10_000, description="What it means, in words")


@node_type("healthcare.result.create", kind=Kind.ACTION, parameters=Parameters)
def create_result(call: Call[Parameters]) -> Outcome:
    """Record a result: a FHIR DiagnosticReport with its Observations, all of it or nothing.

    Adds `result` to the item: the `report` and the `observations`, each with `reference`, `id` and `version`, and
    `resources`, the Observations themselves, as `healthcare.result.flag` takes them. It is recorded once, however often
    the node runs.
    """
    return each(call, _recorded)


def _recorded(call: Call[Parameters], index: int, item: JSONObject, given: Parameters) -> JSONObject:
    where = f"item {index}: result"
    found = [_observation(call, given, each_one) for each_one in given.observations]
    bundle = exact(_bundle(found, _report(call, given)), where)
    with failing(where):
        report, *observations = transacted(interactions(call, index), bundle)
        told = {"report": report, "observations": observations}
        kept = [{**made, "id": done["id"]} for made, done in zip(found, observations, strict=True)]
        return {**put(item, given.into, told), "resources": kept}


def _bundle(found: list[JSONObject], report: JSONObject) -> JSONObject:
    names = [f"urn:observation:{place}" for place in range(len(found))]
    whole = {**report, "result": [reference(name) for name in names]}
    made = [{"fullUrl": name, **_posted(each_one)} for name, each_one in zip(names, found, strict=True)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_posted(whole), *made]}


def _posted(resource: JSONObject) -> JSONObject:
    return {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


def _common(call: Call[Any], given: Parameters) -> JSONObject:
    return {
        **present(basedOn=[reference(given.order)] if given.order else None),
        "status": given.status,
        "category": [{"text": given.category}],
        **about(given),
        "effectiveDateTime": iso(given.observed or call.now),
        "issued": iso(call.now),
        **present(performer=[reference(given.performer)] if given.performer else None),
    }


def _report(call: Call[Any], given: Parameters) -> JSONObject:
    common = {"resourceType": "DiagnosticReport", **_common(call, given), "code": given.code.concept}
    return {**common, **present(conclusion=given.conclusion)}


def _observation(call: Call[Any], given: Parameters, observed: Observed) -> JSONObject:
    flag = [{"coding": [{"system": _INTERPRETATIONS, "code": observed.interpretation}]}]
    bounds = present(low=observed.quantity(observed.low), high=observed.quantity(observed.high))
    return {
        "resourceType": "Observation",
        **_common(call, given),
        "code": observed.code.concept,
        **present(
            valueQuantity=observed.quantity(observed.value),
            valueString=observed.text,
            interpretation=flag if observed.interpretation else None,
            referenceRange=[bounds] if bounds else None,
        ),
    }
