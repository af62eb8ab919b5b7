"""What each template is filled in with in tests: a whole, plausible set of data, by the template's id."""

from typing import Any

_LETTER = {"organization": "Riverside Clinic", "letter_date": "2026-11-24"}
_ASKED = {"patient_name": "Jane Doe", "requester_name": "Jane Doe", "received_date": "2026-11-03"}
_PRIVACY = "Privacy officer, 555-0100"

DATA: dict[str, dict[str, Any]] = {
    "hipaa_authorization": {
        "patient_name": "Jane Doe",
        "patient_birth_date": "1970-01-01",
        "information": ["Discharge summary of March 2026", "Laboratory results of 2026"],
        "discloser": "Riverside Clinic",
        "recipient": "Hill Insurance",
        "purpose": "A claim for disability",
        "expires": "December 31, 2027",
        "revocation_address": "Riverside Clinic\nPrivacy office\n1 River Road",
        "condition": "none",
        "psychotherapy_notes": False,
        "paid_marketing": False,
        "sale": False,
        "signer": "representative",
        "representative": "John Doe",
        "representative_authority": "Health care power of attorney",
    },
    "breach_notice": _LETTER
    | {
        "recipient_name": "Jane Doe",
        "recipient_address": "12 Elm Street\nSpringfield",
        "is_representative": False,
        "what_happened": "A laptop was stolen from a car.\n\nIts disk was not encrypted.",
        "breach_date": "2026-11-01",
        "discovery_date": "2026-11-04",
        "information": ["Full name", "Diagnosis"],
        "steps": ["Look at the statements of your insurer"],
        "investigation": "The police look for the laptop.",
        "mitigation": "We pay for a year of credit monitoring.",
        "prevention": "All disks are encrypted now.",
        "phone": "800-555-0100",
        "contact": "privacy@riverside.example",
        "signer": "A. Reyes, privacy officer",
    },
    "access_response": _LETTER
    | _ASKED
    | {
        "requested": ["All records of 2026"],
        "decision": "partly",
        "provided": ["Laboratory results"],
        "format": "PDF by e-mail",
        "delivery": "Sent on November 25 to the address that you gave",
        "fee": "$4 for the labor of copying",
        "refused": ["Notes of one visit"],
        "basis": "endangers_other",
        "review_contact": _PRIVACY,
        "complaint_contact": _PRIVACY,
    },
    "amendment_response": _LETTER
    | _ASKED
    | {
        "requested": "The allergy to penicillin is another patient's.",
        "decision": "refused",
        "basis": "accurate",
        "statement_contact": "Privacy office, at most two pages",
        "complaint_contact": _PRIVACY,
    },
    "accounting_of_disclosures": _LETTER
    | {
        "patient_name": "Jane Doe",
        "request_date": "2026-11-03",
        "from_date": "2020-11-03",
        "to_date": "2026-11-03",
        "disclosures": [
            {
                "date": "2026-02-01",
                "recipient": "State registry",
                "information": "Immunizations",
                "purpose": "Required by law",
            }
        ],
        "series": [
            {
                "first": "2025-01-01",
                "last": "2025-12-01",
                "count": "monthly",
                "recipient": "Public health department",
                "address": "1 Main Street",
                "information": "Test results",
                "purpose": "Surveillance of disease",
            }
        ],
        "is_suspended": False,
        "contact": _PRIVACY,
    },
    "business_associate_agreement": {
        "covered_entity": "Riverside Clinic",
        "business_associate": "Hill Billing, Inc.",
        "effective_date": "2026-12-01",
        "services": "Billing of insurers",
        "permitted_uses": ["Preparing claims", "Answering questions of insurers"],
        "required_uses": ["Sending claims within a week"],
        "own_management": True,
        "data_aggregation": False,
        "deidentification": False,
        "delegated_duties": ["Sending notices of privacy practices"],
        "report_days": 5,
        "access_days": 10,
        "cure_days": 30,
        "report_contact": _PRIVACY,
        "covered_entity_signer": "A. Reyes, director",
        "business_associate_signer": "B. Hill, president",
    },
    "minimum_necessary_policy": {
        "organization": "Riverside Clinic",
        "effective_date": "2026-12-01",
        "owner": "A. Reyes, privacy officer",
        "roles": [{"role": "Front desk", "information": "Appointments", "conditions": "On duty"}],
        "routine_disclosures": [{"recipient": "Insurers", "purpose": "Payment", "information": "Claims"}],
        "criteria": ["Is the purpose served by less?"],
        "reviewer": "the privacy officer",
        "enforcement": ["Roles in the record system", "A monthly look at the access log"],
        "review_months": 12,
    },
    "deidentification_report": {
        "organization": "Riverside Clinic",
        "report_date": "2026-11-24",
        "data_set": "Laboratory results of 2025",
        "records": 12000,
        "recipient": "Hill University",
        "purpose": "Research on potassium",
        "method": "safe_harbor",
        "treatment": [{"identifier": "name", "action": "removed", "count": 12000}],
        "tools": ["penstock phi redact, without a key"],
        "checks": ["penstock phi find found nothing"],
        "reidentification_codes": False,
        "signer": "A. Reyes, privacy officer",
    },
    "audit_review": {
        "organization": "Riverside Clinic",
        "reviewer": "C. Lind, security officer",
        "review_date": "2026-11-24",
        "from_date": "2026-10-01",
        "to_date": "2026-10-31",
        "sources": [
            {"system": "Record system", "record": "Access log", "events": 41250, "method": "Sample of 200, and rules"}
        ],
        "findings": [
            {
                "date": "2026-10-12",
                "system": "Record system",
                "finding": "Access without a visit",
                "risk": "medium",
                "action": "Talked to the employee",
                "owner": "A. Reyes",
                "due": "2026-12-01",
            }
        ],
        "conclusion": "Controls work.",
        "next_review": "2026-12-24",
    },
    "contingency_plan": {
        "organization": "Riverside Clinic",
        "effective_date": "2026-12-01",
        "coordinator": "C. Lind, 555-0101",
        "declaration": "The director declares it when systems are down for an hour.",
        "contacts": [{"role": "Director", "name": "A. Reyes", "phone": "555-0102"}],
        "applications": [
            {
                "application": "Record system",
                "data": "All records",
                "priority": 1,
                "longest_outage": "4 hours",
                "largest_loss": "15 minutes",
            }
        ],
        "backups": [
            {
                "data": "All records",
                "schedule": "Hourly",
                "place": "Another region",
                "retention": "7 years",
                "verified": "Restored each month",
            }
        ],
        "recovery_steps": ["Restore the database", "Check yesterday's visits"],
        "emergency_operation": ["Paper forms, locked away at night"],
        "emergency_access": "A sealed account, whose use is reviewed",
        "facility_access": "The guard has the keys.",
        "tests": [{"test": "Restore", "frequency": "monthly", "last": "2026-11-01", "result": "passed"}],
        "review_months": 12,
    },
}
