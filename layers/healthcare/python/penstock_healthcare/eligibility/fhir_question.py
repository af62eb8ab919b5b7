"""An inquiry as a FHIR R4 CoverageEligibilityRequest, with all that it refers to contained in it."""

from datetime import datetime

from penstock.clock import iso
from penstock_healthcare.eligibility.fhir_parts import Resource, organization, patient, reference, service
from penstock_healthcare.eligibility.inquiry import Inquiry, Person, Provider

_NPI = "http://hl7.org/fhir/sid/us-npi"
_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
PATIENT, SUBSCRIBER, INSURER, PROVIDER, COVERAGE = "patient", "subscriber", "insurer", "provider", "coverage"


def request(inquiry: Inquiry, *, id_: str, trace: str, time: datetime) -> Resource:
    """The request; `trace` is its identifier."""
    return {
        "resourceType": "CoverageEligibilityRequest",
        "id": id_,
        "contained": _contained(inquiry),
        "identifier": [{"value": trace}],
        "status": "active",
        "purpose": ["benefits"],
        "patient": reference(PATIENT),
        **_serviced(inquiry, time),
        "created": iso(time),
        "provider": reference(PROVIDER),
        "insurer": reference(INSURER),
        "insurance": [{"focal": True, "coverage": reference(COVERAGE)}],
        "item": [{"category": service(code)} for code in inquiry.service_types],
    }


def _contained(inquiry: Inquiry) -> list[Resource]:
    others = [_person(SUBSCRIBER, inquiry.subscriber)] if inquiry.dependent else []
    return [
        _person(PATIENT, inquiry.patient),
        *others,
        organization(INSURER, inquiry.payer.name, inquiry.payer.id),
        _provider(inquiry.provider),
        _coverage(inquiry),
    ]


def _person(name: str, person: Person) -> Resource:
    return patient(name, person.family, person.given, person.born, person.sex)


def _provider(provider: Provider) -> Resource:
    if not provider.given:
        return organization(PROVIDER, provider.name, provider.npi, _NPI)
    return {
        "resourceType": "Practitioner",
        "id": PROVIDER,
        "identifier": [{"system": _NPI, "value": provider.npi}],
        "name": [{"family": provider.name, "given": [provider.given]}],
    }


def _coverage(inquiry: Inquiry) -> Resource:
    relationship = inquiry.dependent.relationship if inquiry.dependent else "self"
    return {
        "resourceType": "Coverage",
        "id": COVERAGE,
        "status": "active",
        "subscriber": reference(SUBSCRIBER if inquiry.dependent else PATIENT),
        "subscriberId": inquiry.subscriber.member_id,
        "beneficiary": reference(PATIENT),
        "relationship": {"coding": [{"system": _RELATIONSHIP, "code": relationship}]},
        "payor": [reference(INSURER)],
    }


def _serviced(inquiry: Inquiry, time: datetime) -> Resource:
    day = (inquiry.date or time.date()).isoformat()
    if inquiry.until is None:
        return {"servicedDate": day}
    return {"servicedPeriod": {"start": day, "end": inquiry.until.isoformat()}}
