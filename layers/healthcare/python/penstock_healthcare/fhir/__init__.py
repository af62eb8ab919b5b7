"""FHIR R4: resources made of HL7 v2 messages, kept as streams, written with their decimals exact.

    from_hl7     a message → its resources, by the maps of `penstock_healthcare.mapping`
    to_hl7       resources → a message, by the same maps
    values       decimals as items hold them
    text         FHIR JSON whose decimals keep their digits
    resources    resources as event streams
    accepting    a body → a valid resource, or all that is wrong with it
    patching     JSON Patch
    bookings     whose time is taken by appointments
    interactions, transactions   what clients do with one resource, and with many
    patching     JSON Patch
    listening, subscriptions     who is told of changes: workflows, and others' endpoints
    search       R4's search parameters over the read model

In workflow items, decimals (`Quantity.value` …) travel as text, so that "1.00" stays "1.00"; `text.write` makes them
numbers.

Errors:

    FhirError
    ├── NotMapped          there is no mapping for messages of this type
    ├── InvalidResource    not a resource that can be kept: no type, a bad id
    ├── UnknownResource    no such resource, or no such version of it
    ├── DeletedResource    there was one
    ├── NotChangeable      a record, as AuditEvents are: it stays as it is
    ├── VersionConflict    it stands at another version than was meant
    ├── UnknownType        R4 has no such type
    ├── Rejected           a resource that R4 finds faults with
    ├── InvalidSearch      a search that is malformed, or more than is served
    ├── SearchTooCostly    a search that would read too much
    ├── SeveralFound       a condition for one resource that several meet
    ├── InvalidBundle      a batch or transaction that cannot be done
    ├── InvalidPatch       a JSON Patch that is malformed, or does not fit the resource
    ├── TimeTaken          somebody would be in two appointments at once
    ├── WrongStatus        it cannot be done with a resource in its status
    └── NoDefinitions      R4's definitions were not built
"""
