"""Messages from typed values; what is built passes `check` without an error or a warning, or `Invalid` says why.

    header = Header(sending_application="EHR", control_id="1", timestamp=now)
    adt("A01", header, Patient([Identifier("123", "HOSP")], Name("Doe", "Jane")), Visit("I"))

`values` has the data types; `patients`, `orders`, `appointments` what they make up; `messages` the builders; `batches`
files of messages. The encoding follows the header's version: MSH-9 has a structure from 2.3.1 on, OBX-2 says TS and CE
before 2.6.
"""

from penstock_healthcare.hl7.building.appointments import Appointment, Resource
from penstock_healthcare.hl7.building.batches import build_batch
from penstock_healthcare.hl7.building.messages import (
    ADT_EVENTS,
    MDM_EVENTS,
    SIU_EVENTS,
    adt,
    mdm,
    omg,
    oml,
    orm,
    oru,
    siu,
)
from penstock_healthcare.hl7.building.orders import Document, Observation, Order, Specimen
from penstock_healthcare.hl7.building.patients import Allergy, Contact, Diagnosis, Insurance, Patient, Visit
from penstock_healthcare.hl7.building.segments import Header
from penstock_healthcare.hl7.building.values import Address, Code, Entity, Identifier, Location, Name, Phone, Provider

__all__ = [
    "ADT_EVENTS",
    "Address",
    "Allergy",
    "Appointment",
    "Code",
    "Contact",
    "Diagnosis",
    "Document",
    "Entity",
    "Header",
    "Identifier",
    "Insurance",
    "Location",
    "MDM_EVENTS",
    "Name",
    "Observation",
    "Order",
    "Patient",
    "Phone",
    "Provider",
    "Resource",
    "SIU_EVENTS",
    "Specimen",
    "Visit",
    "adt",
    "build_batch",
    "mdm",
    "omg",
    "oml",
    "orm",
    "oru",
    "siu",
]
