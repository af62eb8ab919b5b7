"""Search by R4's own search parameters (FHIR R4, section 3.1.1), over values that the read model keeps.

    parameters   which parameters a type has: from R4's definitions
    extracting   a resource → the values of its parameters, by FHIRPath
    dates        texts as ranges
    rows         how the read model keeps a resource
    asking       a query's text → `Query`: conditions, order, includes
    chaining     conditions on what a resource refers to, or what refers to it
    matching     whether values meet a condition: tables by type and prefix
    finding      the narrowest way to the candidates, read in pages
    including    _include and _revinclude

Not served: composite parameters, `_text` and `_content`, `phonetic`, `near`, prefix `ap`, and the
modifiers beyond `:missing`, `:not`, `:exact`, `:contains` and a reference's type. Unknown parameters are ignored or
refused, as `Prefer: handling` has it; what is malformed, or has a modifier that is not served, is always refused.
"""
