"""Patients in outbound HL7 messages, found as in those that come in."""

from penstock.privacy.finders import SubjectFinder
from penstock_healthcare.outbound.events import EVENTS
from penstock_healthcare.subjects.hl7_messages import find

HL7_OUTBOUND = SubjectFinder(EVENTS.kind, EVENTS, find)
