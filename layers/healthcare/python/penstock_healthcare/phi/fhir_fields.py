"""Which elements of FHIR R4 resources identify somebody: by path, else by type.

As in HL7 messages everyone counts, also clinicians and organizations. What R4 does not define counts as well.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from penstock_healthcare.phi.identifiers import Identifier

Kind: TypeAlias = (
    Identifier
    | Literal["text", "zip", "gone", "age", "kept", "id", "reference", "url", "query", "number", "telecom", "shown"]
)
"""As in `hl7_leaves`; also what names a resource: its id, a reference to it, its URL, a query for it; a value whose
class is told beside it: an Identifier's, a ContactPoint's; a name that something has to stand for."""

CLASSES: Mapping[Kind, Identifier] = {
    "zip": Identifier.GEOGRAPHY,
    "age": Identifier.DATE,
    "shown": Identifier.NAME,
    "query": Identifier.URL,
}
"""Of kinds that are no class themselves; all others are OTHER."""

BY_PATH: Mapping[str, Kind] = {
    "HumanName.text": Identifier.NAME,
    "HumanName.family": Identifier.NAME,
    "HumanName.given": Identifier.NAME,
    "HumanName.suffix": "kept",
    "HumanName.prefix": "kept",
    "Address.text": Identifier.GEOGRAPHY,
    "Address.line": Identifier.GEOGRAPHY,
    "Address.city": Identifier.GEOGRAPHY,
    "Address.district": Identifier.GEOGRAPHY,
    "Address.postalCode": "zip",
    "Address.state": "kept",
    "Address.country": "kept",
    "ContactPoint.value": "telecom",
    "ContactDetail.name": Identifier.NAME,
    "Contributor.name": Identifier.NAME,
    "Identifier.value": "number",
    "Reference.reference": "reference",
    "Reference.display": "shown",
    "Annotation.author[x]": Identifier.NAME,
    "Age.value": "age",
    "Attachment.data": "gone",
    "Attachment.url": "gone",
    "Attachment.hash": "gone",
    "Attachment.size": "gone",
    "Signature.data": Identifier.BIOMETRIC,
    "Narrative.div": "gone",
    "Meta.source": Identifier.URL,
    "Meta.versionId": "kept",
    "Extension.url": "kept",
    "Coding.code": "kept",
    "Coding.system": "kept",
    "Binary.data": "gone",
    "Bundle.link.url": Identifier.URL,
    "Bundle.entry.fullUrl": "url",
    "Bundle.entry.link.url": Identifier.URL,
    "Bundle.entry.request.url": "url",
    "Bundle.entry.request.ifNoneExist": "query",
    "Bundle.entry.response.location": "url",
    "Patient.multipleBirth[x]": "kept",
    "Organization.name": "shown",
    "Organization.alias": Identifier.NAME,
    "Location.name": Identifier.GEOGRAPHY,
    "Location.alias": Identifier.GEOGRAPHY,
    "Location.description": Identifier.GEOGRAPHY,
    "Location.position.longitude": Identifier.GEOGRAPHY,
    "Location.position.latitude": Identifier.GEOGRAPHY,
    "Location.position.altitude": Identifier.GEOGRAPHY,
    "Coverage.subscriberId": Identifier.HEALTH_PLAN,
    "Coverage.dependent": Identifier.HEALTH_PLAN,
    "Coverage.class.value": Identifier.HEALTH_PLAN,
    "Device.udiCarrier.deviceIdentifier": Identifier.DEVICE,
    "Device.udiCarrier.carrierAIDC": "gone",
    "Device.udiCarrier.carrierHRF": "gone",
    "Device.distinctIdentifier": Identifier.DEVICE,
    "Device.lotNumber": Identifier.DEVICE,
    "Device.serialNumber": Identifier.DEVICE,
    "Immunization.lotNumber": Identifier.DEVICE,
    "Medication.batch.lotNumber": Identifier.DEVICE,
    "AuditEvent.agent.name": Identifier.NAME,
    "AuditEvent.agent.altId": Identifier.OTHER,
    "AuditEvent.agent.network.address": Identifier.IP,
    "AuditEvent.entity.name": Identifier.NAME,
    "AuditEvent.entity.query": "gone",
    "ImagingStudy.series.uid": Identifier.OTHER,
    "ImagingStudy.series.instance.uid": Identifier.OTHER,
    "MessageHeader.source.endpoint": Identifier.URL,
    "MessageHeader.destination.endpoint": Identifier.URL,
    "Endpoint.address": Identifier.URL,
    "Endpoint.header": "gone",
}

BY_TYPE: Mapping[str, Kind] = {
    **dict.fromkeys(("date", "dateTime", "instant"), Identifier.DATE),
    **dict.fromkeys(("string", "markdown"), "text"),
    **dict.fromkeys(
        ("boolean", "decimal", "integer", "positiveInt", "unsignedInt", "time", "uri", "canonical"), "kept"
    ),
    "code": "kept",
    **dict.fromkeys(("oid", "id"), "kept"),
    "uuid": Identifier.OTHER,
    "url": Identifier.URL,
    "xhtml": "gone",
    "base64Binary": "gone",
}

NEEDS_ONE: Mapping[str, frozenset[str]] = {
    "Patient.contact": frozenset({"name", "telecom", "address", "organization"}),
}
"""What an object needs one of by R4's invariants; without any it goes."""

EXTENSIONS: Mapping[str, Kind] = {
    "patient-mothersMaidenName": Identifier.NAME,
    "humanname-own-name": Identifier.NAME,
    "humanname-own-prefix": Identifier.NAME,
    "humanname-partner-name": Identifier.NAME,
    "humanname-partner-prefix": Identifier.NAME,
    "humanname-fathers-family": Identifier.NAME,
    "humanname-mothers-family": Identifier.NAME,
    "patient-birthPlace": Identifier.GEOGRAPHY,
    "iso21090-ADXP-streetName": Identifier.GEOGRAPHY,
    "iso21090-ADXP-houseNumber": Identifier.GEOGRAPHY,
    "iso21090-ADXP-streetAddressLine": Identifier.GEOGRAPHY,
    "iso21090-ADXP-additionalLocator": Identifier.GEOGRAPHY,
    "iso21090-ADXP-postBox": Identifier.GEOGRAPHY,
    "geolocation": Identifier.GEOGRAPHY,
    "latitude": Identifier.GEOGRAPHY,
    "longitude": Identifier.GEOGRAPHY,
}
"""What the value of an extension is, by the last part of its URL."""

TELECOM: Mapping[str, Identifier] = {
    "phone": Identifier.PHONE,
    "fax": Identifier.FAX,
    "email": Identifier.EMAIL,
    "url": Identifier.URL,
}
"""A ContactPoint's `system`; all others count as phones."""

URI_SYSTEM = "urn:ietf:rfc:3986"
"""Of Identifiers whose value is an absolute URI."""
SSN_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1"})
AGE_CODES = frozenset({"30525-0", "21612-7", "21611-9", "29553-5", "30972-4", "35659-2"})
"""LOINC codes of observations whose quantity is an age in years."""
