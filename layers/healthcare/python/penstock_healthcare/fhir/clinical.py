"""DG1 → Condition, AL1 → AllergyIntolerance."""

from penstock.json import JSONObject
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context, resource_id
from penstock_healthcare.fhir.rows import Row, cleaned, fill
from penstock_healthcare.hl7 import Element, Segment

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_DIAGNOSIS = {"coding": [{"system": f"{_TERMINOLOGY}/condition-category", "code": "encounter-diagnosis"}]}
_ACTIVE = {"coding": [{"system": f"{_TERMINOLOGY}/allergyintolerance-clinical", "code": "active"}]}


def _manifestation(element: Element, context: Context) -> JSONObject | None:
    found = to.text(element, context)
    return {"text": found} if found else None


CONDITION = (
    Row("code", 3, to.codeable_concept),
    Row("onsetDateTime", 17, to.date_time),
    Row("recordedDate", 5, to.date_time),
    Row("asserter", 16, to.practitioner),
)

ALLERGY = (
    Row("category", 2, to.code("allergy_category"), many=True),
    Row("code", 3, to.codeable_concept),
    Row("criticality", 4, to.code("allergy_criticality")),
    Row("manifestation", 5, _manifestation, many=True),
    Row("severity", 4, to.code("allergy_severity")),
    Row("onsetDateTime", 6, to.date),
)


def condition(segment: Segment, place: str, context: Context, patient: str, encounter: str | None) -> JSONObject | None:
    """A diagnosis of the visit; None where DG1-3 and DG1-4 say nothing. `patient` and `encounter` are ids."""
    found = fill(CONDITION, segment, context, {}, place)
    if "code" not in found and segment.value(4):
        found["code"] = {"text": segment.value(4)}
    if "code" not in found:
        return None
    identity = resource_id("Condition", patient, encounter or "", _key(segment, 3) or segment.value(4))
    return cleaned(
        resourceType="Condition",
        id=identity,
        category=[_DIAGNOSIS],
        subject={"reference": f"Patient/{patient}"},
        encounter={"reference": f"Encounter/{encounter}"} if encounter else None,
        **found,
    )


def allergy(segment: Segment, place: str, context: Context, patient: str) -> JSONObject | None:
    """An allergy of the patient; None where AL1-3 says nothing."""
    found = fill(ALLERGY, segment, context, {}, place)
    if "code" not in found:
        return None
    severity, manifestation = found.pop("severity", None), found.pop("manifestation", None)
    reaction = [cleaned(manifestation=manifestation, severity=severity)] if manifestation else None
    return cleaned(
        resourceType="AllergyIntolerance",
        id=resource_id("AllergyIntolerance", patient, _key(segment, 3)),
        clinicalStatus=_ACTIVE,
        patient={"reference": f"Patient/{patient}"},
        reaction=reaction,
        **found,
    )


def diagnosis(resource: JSONObject) -> JSONObject:
    """A condition as an encounter lists it."""
    return {"condition": {"reference": f"Condition/{resource['id']}"}}


def _key(segment: Segment, field: int) -> str:
    return segment.value(field) or segment.value(field, component=2)
