"""Who may read whose protected health information, and the record of who did (45 CFR 164.312(a), (b)).

    asking        what is asked for, and for which purpose
    showing       what an answer shows, and which patients it concerns
    audit_events  both as a FHIR R4 AuditEvent
    trail         AuditEvents, kept in the event store so that none can be changed or taken out unseen
    verification  whether a tenant's trails are as they were written
    policy        which role may do what for which purposes (roles.json)
    settings      whether a tenant enforces patients' consents
    consents      what those permit
    gate          what every read passes

Errors:

    penstock.identity.Forbidden
    └── AccessRefused   a rule refuses it; the text names role, purpose and rule
"""
