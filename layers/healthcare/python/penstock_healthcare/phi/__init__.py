"""Protected health information: found, taken out by Safe Harbor, sealed. No AWS.

identifiers      the eighteen classes (45 CFR 164.514(b)(2)(i)), a finding, a report
treatment        what becomes of each class
hl7_*, fhir_*    which fields identify somebody; a walk over every leaf
text, text_rules free text: rules, check digits, and what the same document's fields say
documents        bytes of any of these, told apart
sealing          single fields, encrypted for one tenant and purpose
sealed_items     the same of an item's fields
consent, breach  what a Consent allows; what a breach asks for

PhiError
├── NotExamined   a part cannot be looked into
├── NotOpened     a sealed field does not open
└── NotSealed     a field cannot be sealed
"""

from penstock_healthcare.phi.documents import deidentify, find
from penstock_healthcare.phi.errors import NotExamined, NotOpened, PhiError
from penstock_healthcare.phi.identifiers import Finding, Identifier, Report
from penstock_healthcare.phi.treatment import Treatment

__all__ = [
    "Finding",
    "Identifier",
    "NotExamined",
    "NotOpened",
    "PhiError",
    "Report",
    "Treatment",
    "deidentify",
    "find",
]
