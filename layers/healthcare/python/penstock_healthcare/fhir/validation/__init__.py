"""Whether a resource is valid FHIR R4 (4.0.1), and what is wrong with it.

    findings      a finding, and OperationOutcome
    validator     `validate`: the whole, in order
    session       what one validation knows and has found
    structure     members, lists, nulls, primitives
    rules         what an element's definition asks of one node: values, bindings, invariants, types
    walk          cardinality and children, slice by slice, for R4 and for profiles alike
    slicing       which slice a node belongs to
    matching      fixed and pattern values
    terminology   value sets expanded
    references    what references may point to, and where they lead
    extensions    known ones, and where they may stand
    bundles       full URLs, and what a bundle's type asks
    grammars, identifiers, vital_signs, questionnaires, value_sets, expressions
                  what the specification asks in words, beside its definitions
    invariants    FHIRPath; a few by hand, where FHIRPath would take quadratic time

A finding never quotes a value, so that it can be logged.
"""

from penstock_healthcare.fhir.validation.findings import Finding, operation_outcome
from penstock_healthcare.fhir.validation.validator import is_valid, validate, validate_text

__all__ = ["Finding", "is_valid", "operation_outcome", "validate", "validate_text"]
