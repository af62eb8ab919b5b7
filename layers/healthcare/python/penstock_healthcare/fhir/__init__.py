"""FHIR R4: resources made of HL7 v2 messages, kept as streams, written with their decimals exact.

    from_hl7     a message → its resources
    rows         how a segment's fields become a resource's elements: tables of rows
    patient, encounter, clinical, report, observation   those tables, by resource
    datatypes, values   HL7 data types → FHIR data types
    codes        code systems and code maps (`codes.json`)
    text         FHIR JSON whose decimals keep their digits
    resources    resources as event streams

The mapping follows the semantics of HL7's v2-to-FHIR maps. In workflow items, decimals (`Quantity.value` …) travel as
text, so that "1.00" stays "1.00"; `text.write` makes them numbers.

Errors:

    FhirError
    ├── NotMapped          there is no mapping for messages of this type
    ├── InvalidResource    not a resource that can be kept: no type, a bad id
    └── UnknownResource    no such resource, or no such version of it
"""
