"""PID, PD1 and NK1 → Patient."""

from collections.abc import Iterable

from penstock.json import JSONObject
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context, resource_id
from penstock_healthcare.fhir.rows import Row, cleaned, fill
from penstock_healthcare.hl7 import Element, Segment

_DECEASED = 30
_SAYS_YES = {"Y": True, "N": False}
_PREFERRED_TYPES = ("MR", "PI", "PT", "")


def _social_security(element: Element, _: Context) -> JSONObject | None:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]}
    return {"type": kind, "system": "http://hl7.org/fhir/sid/us-ssn", "value": element.value} if element.value else None


def _language(element: Element, context: Context) -> JSONObject | None:
    concept = to.codeable_concept(element, context)
    return {"language": concept} if concept else None


PATIENT = (
    Row("identifier", 3, to.identifier, many=True),
    Row("identifier", 19, _social_security, many=True),
    Row("name", 5, to.human_name, many=True),
    Row("name", 9, to.human_name, many=True),
    Row("birthDate", 7, to.date),
    Row("gender", 8, to.code("administrative_sex")),
    Row("address", 11, to.address, many=True),
    Row("telecom", 13, to.contact_point("home"), many=True),
    Row("telecom", 14, to.contact_point("work"), many=True),
    Row("communication", 15, _language, many=True),
    Row("maritalStatus", 16, to.table("0002")),
    Row("deceasedDateTime", 29, to.date_time),
)

GENERAL = (
    Row("generalPractitioner", 3, to.organization, many=True),
    Row("generalPractitioner", 4, to.practitioner, many=True),
)

CONTACT = (
    Row("relationship", 3, to.codeable_concept, many=True),
    Row("relationship", 7, to.codeable_concept, many=True),
    Row("name", 2, to.human_name),
    Row("telecom", 5, to.contact_point("home"), many=True),
    Row("telecom", 6, to.contact_point("work"), many=True),
    Row("address", 4, to.address),
    Row("gender", 15, to.code("administrative_sex")),
)


def patient(pid: Segment, context: Context, general: Segment | None = None, kin: Iterable[Segment] = ()) -> JSONObject:
    """The patient; the id follows from the identifier that the sender knows them by."""
    resource: JSONObject = {"resourceType": "Patient", "id": patient_id(pid, context)}
    fill(PATIENT, pid, context, resource)
    if "deceasedDateTime" not in resource and (deceased := _SAYS_YES.get(pid[_DECEASED].value)) is not None:
        resource["deceasedBoolean"] = deceased
    if general is not None:
        fill(GENERAL, general, context, resource)
    contacts = [fill(CONTACT, segment, context, {}, f"NK1[{index}]") for index, segment in enumerate(kin)]
    return cleaned(**resource, contact=[contact for contact in contacts if contact])


def patient_id(pid: Segment, context: Context) -> str:
    """From the medical record number where there is one, else the first identifier, else the message itself."""
    known = sorted(
        (repetition for repetition in pid[3] if repetition[1].value),
        key=lambda found: _rank(found[5].value),
    )
    if not known:
        return resource_id("Patient", context.sender, context.message.control_id)
    best = known[0]
    issuer = best[4][2].value or best[4][1].value or context.sender
    return resource_id("Patient", issuer, best[1].value)


def subject(pid: Segment | None, context: Context) -> JSONObject | None:
    """A reference to the patient; nothing of them in it but the id."""
    return {"reference": f"Patient/{patient_id(pid, context)}"} if pid is not None else None


def _rank(kind: str) -> int:
    return _PREFERRED_TYPES.index(kind) if kind in _PREFERRED_TYPES else len(_PREFERRED_TYPES)
