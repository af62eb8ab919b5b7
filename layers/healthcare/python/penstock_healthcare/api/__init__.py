"""What the wing's endpoints take and show.

messages   received HL7 messages
fhir       FHIR's own forms: bundles, OperationOutcomes, the CapabilityStatement
"""
