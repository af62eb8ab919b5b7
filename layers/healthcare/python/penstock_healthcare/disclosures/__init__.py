"""To whom a patient's health information was disclosed, and the accounting of it (45 CFR 164.528).

    purposes    what a disclosure can be for, and which of them need no accounting
    events      what is kept of each, in one stream a patient
    record      the state of a patient's record, and what is decided on it
    service     records, reports
    accounting  the report that a patient gets

Errors:

    DisclosureError
    ├── WrongPeriod  the accounting of such days cannot be asked for
    └── TooMany      more than a record, or a report, holds
"""
