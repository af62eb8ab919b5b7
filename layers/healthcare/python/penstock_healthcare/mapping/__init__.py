"""HL7 v2 ↔ FHIR R4: maps as data, and the small engine that runs them in both directions.

    maps/messages     one file a message structure: its groups, and which resource a segment speaks of
    maps/segments     one file a segment and resource: which field is which element, and when
    maps/datatypes    one file a data type: which component is which element
    maps/codes        one file a code system: which code is which
    maps/defaults.json  what a resource must say and a message may leave out
    tables            reads the files; `notation` is their grammar
    reading                     runs a segment's or data type's table forward
    part, primitives, concepts, datatypes, observed, segments   a field's text, and the types that no table describes
    engine, frames, identity, finishing    a message → its resources
    bundle            resources → a transaction Bundle with its Provenance
    writing, backward, observing, outlines, shape   resources → a message

The facts follow HL7's v2-to-FHIR mapping tables; where a choice was open, `docs/decisions/0022` says how it was made.
"""
