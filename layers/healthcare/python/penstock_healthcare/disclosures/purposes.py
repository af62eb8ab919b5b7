"""What a disclosure can be for. Some purposes need no accounting: 45 CFR 164.528(a)(1) names them.

`is_serial` purposes are those of which repeated disclosures may be told as a series: 164.528(b)(3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a disclosure was for."""

    TREATMENT = "treatment"
    PAYMENT = "payment"
    OPERATIONS = "operations"
    INDIVIDUAL = "individual"
    AUTHORIZED = "authorized"
    INCIDENTAL = "incidental"
    FACILITY_DIRECTORY = "facility_directory"
    NATIONAL_SECURITY = "national_security"
    CORRECTIONAL = "correctional"
    LIMITED_DATA_SET = "limited_data_set"
    REQUIRED_BY_LAW = "required_by_law"
    PUBLIC_HEALTH = "public_health"
    ABUSE = "abuse"
    HEALTH_OVERSIGHT = "health_oversight"
    JUDICIAL = "judicial"
    LAW_ENFORCEMENT = "law_enforcement"
    DECEDENTS = "decedents"
    ORGAN_DONATION = "organ_donation"
    RESEARCH = "research"
    SERIOUS_THREAT = "serious_threat"
    GOVERNMENT_FUNCTIONS = "government_functions"
    WORKERS_COMPENSATION = "workers_compensation"
    SECRETARY = "secretary"
    IMPERMISSIBLE = "impermissible"


@dataclass(frozen=True, slots=True)
class Basis:
    """`paragraph` of 45 CFR: the exemption's where it `is_exempt`, else the one that the disclosure rests on."""

    paragraph: str
    meaning: str
    is_exempt: bool = False
    is_serial: bool = False


def _exempt(paragraph: str, meaning: str) -> Basis:
    return Basis(paragraph, meaning, is_exempt=True)


def _serial(paragraph: str, meaning: str) -> Basis:
    return Basis(paragraph, meaning, is_serial=True)


BASES: Mapping[Purpose, Basis] = {
    Purpose.TREATMENT: _exempt("164.528(a)(1)(i)", "treatment"),
    Purpose.PAYMENT: _exempt("164.528(a)(1)(i)", "payment"),
    Purpose.OPERATIONS: _exempt("164.528(a)(1)(i)", "health care operations"),
    Purpose.INDIVIDUAL: _exempt("164.528(a)(1)(ii)", "to the patient"),
    Purpose.INCIDENTAL: _exempt("164.528(a)(1)(iii)", "incident to a permitted use or disclosure"),
    Purpose.AUTHORIZED: _exempt("164.528(a)(1)(iv)", "with the patient's authorization"),
    Purpose.FACILITY_DIRECTORY: _exempt("164.528(a)(1)(v)", "the facility's directory, or people in the care"),
    Purpose.NATIONAL_SECURITY: _exempt("164.528(a)(1)(vi)", "national security or intelligence"),
    Purpose.CORRECTIONAL: _exempt("164.528(a)(1)(vii)", "a correctional institution, or custody"),
    Purpose.LIMITED_DATA_SET: _exempt("164.528(a)(1)(viii)", "part of a limited data set"),
    Purpose.REQUIRED_BY_LAW: _serial("164.512(a)", "required by law"),
    Purpose.PUBLIC_HEALTH: _serial("164.512(b)", "public health activities"),
    Purpose.ABUSE: _serial("164.512(c)", "a report of abuse, neglect or domestic violence"),
    Purpose.HEALTH_OVERSIGHT: _serial("164.512(d)", "oversight of health care"),
    Purpose.JUDICIAL: _serial("164.512(e)", "a judicial or administrative proceeding"),
    Purpose.LAW_ENFORCEMENT: _serial("164.512(f)", "law enforcement"),
    Purpose.DECEDENTS: _serial("164.512(g)", "a coroner, medical examiner or funeral director"),
    Purpose.ORGAN_DONATION: _serial("164.512(h)", "donation of organs, eyes or tissue"),
    Purpose.RESEARCH: _serial("164.512(i)", "research"),
    Purpose.SERIOUS_THREAT: _serial("164.512(j)", "to avert a serious threat to health or safety"),
    Purpose.GOVERNMENT_FUNCTIONS: _serial("164.512(k)", "specialized government functions"),
    Purpose.WORKERS_COMPENSATION: _serial("164.512(l)", "workers' compensation"),
    Purpose.SECRETARY: _serial("164.502(a)(2)(ii)", "an investigation of the Secretary of Health and Human Services"),
    Purpose.IMPERMISSIBLE: Basis("164.502(a)", "a disclosure that was not permitted"),
}
