"""The rules that free text is searched by. Every pattern is bounded, so that a text takes time in proportion to it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from penstock_healthcare.phi import checksums
from penstock_healthcare.phi.identifiers import Identifier

_CAP = r"[A-Z][^\W\d_]{1,30}(?:['’-][A-Z]?[^\W\d_]{1,30})?"
_NO = r"(?:\s{0,3}(?i:no|number|num|nr|id|code|is)\b\.?){0,2}[\s:#.=]{0,5}"
_NUMBER = r"(?P<it>[A-Za-z]{0,6}[-/]?[0-9][0-9A-Za-z/-]{2,30})"
_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_STREET = (
    r"(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|boulevard|blvd|way|place|pl|terrace|circle|highway|hwy"
    r"|parkway|pkwy|square|trail)"
)
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])"
)
_TITLE = r"(?i:mr|mrs|ms|miss|dr|prof|sir|dame)"
_ROLE = (
    r"(?i:patient|pt|name|mother|father|wife|husband|spouse|son|daughter|sister|brother|guardian|contact|physician|nurse"
    r"|attending|surgeon|radiologist|pathologist|signed|dictated|reported|reviewed|seen|called|spoke)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern`'s group `it`, or the whole match, is an identifier when `holds` agrees."""

    name: str
    identifier: Identifier
    pattern: re.Pattern[str]
    confidence: float
    holds: Callable[[str], bool] | None = None


def _rule(
    name: str, identifier: Identifier, pattern: str, confidence: float, holds: Callable[[str], bool] | None = None
) -> Rule:
    return Rule(name, identifier, re.compile(pattern), confidence, holds)


def _labelled(name: str, identifier: Identifier, words: str, confidence: float = 0.8) -> Rule:
    """A number or code after a word that says what it is."""
    return _rule(name, identifier, rf"\b(?i:{words})\b{_NO}{_NUMBER}", confidence)


def _is_old(text: str) -> bool:
    return 90 <= int(text) <= 130


RULES: tuple[Rule, ...] = (
    _rule("email", Identifier.EMAIL, r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", 0.99),
    _rule("url", Identifier.URL, r"(?i:\b(?:https?|ftps?|sftp)://|\bwww\.)[^\s<>\"'\[\]]{1,2000}", 0.95),
    _rule("ssn", Identifier.SSN, r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", 0.95, checksums.is_ssn),
    _rule(
        "ssn-label",
        Identifier.SSN,
        rf"(?i:\bssn|\bsocial security){_NO}(?P<it>\d{{3}}[ -]?\d{{2}}[ -]?\d{{4}})(?!\d)",
        0.95,
    ),
    _rule(
        "fax",
        Identifier.FAX,
        r"(?i:\bfax|\bfacsimile)(?i:\s{1,3}number)?[\s:.#]{0,5}(?P<it>\+?\(?\d[\d ().-]{5,20}\d)",
        0.95,
    ),
    _rule(
        "phone-label",
        Identifier.PHONE,
        r"(?i:\b(?:tel(?:ephone)?|phone|call|cell|mobile|pager|ph))(?i:\s{1,3}(?:number|at|on))?[\s:.#]{1,5}"
        r"(?P<it>\+?\(?\d[\d ().-]{5,20}\d)",
        0.9,
    ),
    _rule(
        "phone",
        Identifier.PHONE,
        r"(?<![\w.-])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w-])",
        0.9,
    ),
    _rule("phone-international", Identifier.PHONE, r"(?<![\w.+])\+\d{1,3}(?:[ .()-]{1,2}\d{1,5}){2,6}(?!\d)", 0.9),
    _labelled("mrn", Identifier.MRN, r"mrn|medical record|med rec|chart|hospital number|patient id|unit number", 0.9),
    _labelled(
        "health-plan",
        Identifier.HEALTH_PLAN,
        r"member|policy|subscriber|beneficiary|medicare|medicaid|insurance|health plan|hicn|mbi|group number",
    ),
    _rule(
        "medicare",
        Identifier.HEALTH_PLAN,
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d\d\b",
        0.9,
    ),
    _labelled("account", Identifier.ACCOUNT, r"account|acct|invoice|bill|iban"),
    _rule(
        "iban",
        Identifier.ACCOUNT,
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        0.99,
        checksums.is_iban,
    ),
    _rule(
        "card", Identifier.ACCOUNT, r"(?<![\w.-])\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}(?![\w-])", 0.9, checksums.is_luhn
    ),
    _labelled("licence", Identifier.LICENCE, r"licen[cs]e|lic|certificate|dea|npi|passport|permit"),
    _rule("npi", Identifier.LICENCE, r"(?<![\w.-])[12]\d{9}(?![\w-])", 0.7, checksums.is_npi),
    _rule("dea", Identifier.LICENCE, r"\b[A-Z][A-Z9]\d{7}\b", 0.9, checksums.is_dea),
    _rule("vin", Identifier.VEHICLE, r"\b[A-HJ-NPR-Za-hj-npr-z0-9]{17}\b", 0.99, checksums.is_vin),
    _labelled("vehicle", Identifier.VEHICLE, r"vin|license plate|licence plate|plate|registration"),
    _rule(
        "udi",
        Identifier.DEVICE,
        r"\(01\)(?P<it>\d{14}(?:\(\d{2}\)[!-'*-z]{1,20}){0,5})",
        0.99,
        lambda text: checksums.is_gtin(text[:14]),
    ),
    _labelled("device", Identifier.DEVICE, r"serial|s/n|sn|device|implant|pacemaker|udi"),
    _rule("ip", Identifier.IP, r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)", 0.8, checksums.is_ip),
    _rule(
        "ipv6", Identifier.IP, r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])", 0.8, checksums.is_ip
    ),
    _rule(
        "uuid",
        Identifier.OTHER,
        r"\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b",
        0.9,
    ),
    _labelled(
        "other", Identifier.OTHER, r"accession|case number|specimen id|order number|encounter number|visit number"
    ),
    _rule("date-iso", Identifier.DATE, rf"(?<![\d-])(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.]{_DAY}(?!\d)", 0.99),
    _rule(
        "date", Identifier.DATE, rf"(?<![\d/])(?<!\d[.-]){_DAY}([/.-]){_DAY}\1(?:(?:19|20)\d\d|\d\d)(?!\d|[/.-]\d)", 0.9
    ),
    _rule(
        "date-words",
        Identifier.DATE,
        rf"\b{_MONTH}\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?(?:,?\s{{1,3}}(?:19|20)\d\d)?\b",
        0.9,
    ),
    _rule(
        "date-words-day-first",
        Identifier.DATE,
        rf"\b{_DAY}(?:st|nd|rd|th)?[\s.-]{{1,3}}(?i:of\s)?{_MONTH}(?:[\s.,-]{{1,3}}(?:19|20)\d\d)?\b",
        0.9,
    ),
    _rule("date-month", Identifier.DATE, rf"\b{_MONTH}\.?,?\s{{1,3}}(?:of\s)?(?:19|20)\d\d\b", 0.8),
    _rule(
        "date-compact",
        Identifier.DATE,
        r"(?<![\w.-])(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:\d{4}(?:\d\d)?)?(?:[+-]\d{4})?(?!\w|[.-]\d)",
        0.92,
    ),
    _rule(
        "date-label",
        Identifier.DATE,
        rf"(?i:\bon|\bdob|\bborn|\bsince|\bdated?)[\s:]{{1,3}}(?P<it>{_DAY}/{_DAY})(?![\d/])",
        0.7,
    ),
    _rule(
        "age",
        Identifier.DATE,
        r"(?<![\d.])(?P<it>\d{2,3})(?:[\s-]{0,3}(?i:years?|yrs?|y)[\s-]{0,3}(?i:old|of age|o\b)|\s?(?i:y/?o)\b)",
        0.9,
        _is_old,
    ),
    _rule(
        "age-label", Identifier.DATE, r"\b(?i:aged?)[\s:]{1,3}(?i:of\s|is\s)?(?P<it>\d{2,3})(?![\d+%.])", 0.8, _is_old
    ),
    _rule(
        "street",
        Identifier.GEOGRAPHY,
        rf"\b\d{{1,6}}[A-Za-z]?\s(?:[NSEW]\.?\s)?(?:{_CAP}\s){{1,4}}{_STREET}\b\.?(?:,?\s(?i:apt|suite|unit|#)\.?\s?\w{{1,6}})?",
        0.9,
    ),
    _rule("po-box", Identifier.GEOGRAPHY, r"\b(?i:p\.?\s?o\.?\s?box)\s\d{1,8}", 0.95),
    _rule(
        "city-state",
        Identifier.GEOGRAPHY,
        rf"\b(?P<it>{_CAP}(?:\s{_CAP}){{0,2}},?)\s{_STATE}\b(?=,?\s\d{{5}}|[\s.,;]|\Z)",
        0.7,
    ),
    _rule(
        "zip",
        Identifier.GEOGRAPHY,
        rf"\b(?:{_STATE}|(?i:zip(?:\scode)?))[\s,:]{{1,3}}(?P<it>\d{{5}}(?:-\d{{4}})?)(?!\d)",
        0.9,
    ),
    _rule(
        "place",
        Identifier.GEOGRAPHY,
        r"\b(?i:lives in|living in|resides in|resident of|moved from|native of|born in)"
        rf"\s(?P<it>{_CAP}(?:\s{_CAP}){{0,2}})",
        0.7,
    ),
    _rule("photo", Identifier.PHOTO, r"[\w./\\-]{1,120}\.(?i:jpe?g|png|bmp|tiff?|gif|heic|dcm)\b", 0.7),
    _rule(
        "photo-words",
        Identifier.PHOTO,
        r"(?i:\bfull[ -]face (?:photo(?:graph)?|image|picture)s?\b|\bfacial photographs?\b)",
        0.6,
    ),
    _rule(
        "biometric",
        Identifier.BIOMETRIC,
        r"(?i:\b(?:finger|voice|palm|retinal?|iris) ?(?:print|scan|template)s?\b)(?:[\s:#]{1,3}[0-9A-Fa-f+/=]{8,200})?",
        0.7,
    ),
    _rule(
        "name-title", Identifier.NAME, rf"\b{_TITLE}\b\.?\s{{1,3}}(?P<it>{_CAP}(?:\s(?:[A-Z]\.?\s)?{_CAP}){{0,2}})", 0.9
    ),
    _rule(
        "name-role",
        Identifier.NAME,
        rf"\b{_ROLE}(?i:\s(?:name|is|was|by|with|to)){{0,2}}[\s:]{{1,3}}(?P<it>{_CAP},?\s(?:[A-Z]\.?\s)?{_CAP})",
        0.7,
    ),
    _rule(
        "name-label",
        Identifier.NAME,
        r"\b(?i:name|surname|patient|signed)\s?:\s{0,3}"
        rf"(?P<it>{_CAP}(?:,?\s(?:[A-Z]\.?\s)?{_CAP}){{0,2}})",
        0.8,
    ),
    _rule(
        "name-degree",
        Identifier.NAME,
        rf"(?P<it>\b{_CAP}\s(?:[A-Z]\.?\s)?{_CAP}),?\s(?=(?:MD|M\.D\.|DO|RN|NP|PhD|PA-C)\b)",
        0.8,
    ),
)
"""In no order: of findings that overlap, the surer and then the longer counts."""
