"""HL7 data types → FHIR data types, as HL7's v2-to-FHIR data type maps have them.

Each takes an element and the context, and returns the FHIR value or None. Timestamps raise BadValue.
"""

from collections.abc import Callable
from datetime import datetime, time

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir import codes
from penstock_healthcare.fhir.context import Context
from penstock_healthcare.fhir.rows import cleaned
from penstock_healthcare.hl7 import NULL, BadValue, Element, Timestamp, parse_timestamp

_DAY_OR_LESS = ("year", "month", "day")
_TIME_DIGITS = (4, 6)


def text(element: Element, _: Context) -> str | None:
    """ST, TX, FT: line breaks of formatted text become line breaks."""
    found = element.value
    return None if found == NULL else found.replace("\\.br\\", "\n").strip() or None


def code(name: str) -> Callable[[Element, Context], str | None]:
    """ID, IS, CWE → code, by a map's name."""
    return lambda element, _: codes.mapped(name, element.value)


def coding(name: str) -> Callable[[Element, Context], JSONObject | None]:
    """ID, IS, CWE → Coding, by a map's name."""
    return lambda element, _: codes.coding(name, element.value)


def date_time(element: Element, context: Context) -> str | None:
    """DTM → dateTime, as exact as it was sent; a time without an offset is in the context's zone."""
    stamp = _stamp(element)
    if stamp is None:
        return None
    return stamp.isoformat() if stamp.precision in _DAY_OR_LESS else _instant(stamp, context)


def instant(element: Element, context: Context) -> str | None:
    """DTM → instant; None for one that is not exact enough to be one."""
    stamp = _stamp(element)
    return None if stamp is None or stamp.precision in _DAY_OR_LESS else _instant(stamp, context)


def date(element: Element, _: Context) -> str | None:
    """DT, DTM → date."""
    stamp = _stamp(element)
    return stamp.isoformat()[:10] if stamp else None


def clock_time(element: Element, __: Context) -> str:
    """TM → time; raises BadValue."""
    digits, _, fraction = element.value.partition(".")
    try:
        if len(digits) not in _TIME_DIGITS or not digits.isdecimal() or not (fraction or "0").isdecimal():
            raise ValueError(digits)
        return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)).isoformat() + (fraction and f".{fraction}")
    except ValueError:
        raise BadValue("TM", "HHMM[SS[.S]]") from None


def identifier(element: Element, _: Context) -> JSONObject | None:
    """CX → Identifier."""
    kind = element[5].value
    return _identifier(
        element[1].value,
        element[4],
        type={"coding": [{"system": codes.IDENTIFIER_TYPE, "code": kind}]} if kind else None,
    )


def entity_identifier(kind: str = "", display: str = "") -> Callable[[Element, Context], JSONObject | None]:
    """EI → Identifier of a table 0203 type, such as PLAC or FILL."""
    coding = {"system": codes.IDENTIFIER_TYPE, "code": kind, "display": display}

    def convert(element: Element, _: Context) -> JSONObject | None:
        system = codes.authority(element[3].value) if element[3].value else None
        assigner = {"display": element[2].value} if element[2].value else None
        value = element[1].value
        return (
            cleaned(type={"coding": [coding]} if kind else None, system=system, value=value, assigner=assigner)
            if value
            else None
        )

    return convert


def human_name(element: Element, _: Context) -> JSONObject | None:
    """XPN → HumanName; XCN names stand one component further on: see `person`."""
    return _name(element, 1, element[7].value)


def address(element: Element, _: Context) -> JSONObject | None:
    """XAD → Address."""
    kind = element[7].value
    lines = [element[1][1].value, element[2].value]
    return cleaned(
        use=codes.mapped("address_use", kind),
        type=codes.mapped("address_type", kind),
        line=[line for line in lines if line],
        city=element[3].value,
        district=element[9].value,
        state=element[4].value,
        postalCode=element[5].value,
        country=element[6].value,
    )


def contact_point(default_use: str) -> Callable[[Element, Context], JSONObject | None]:
    """XTN → ContactPoint: the number as one text, or built of its parts."""

    def convert(element: Element, _: Context) -> JSONObject | None:
        value = element[4].value or element[12].value or element[1].value or _number(element)
        kind = element[3].value or ("Internet" if element[4].value else "PH")
        use = "mobile" if kind == "CP" else codes.mapped("contact_use", element[2].value) or default_use
        return cleaned(system=codes.mapped("contact_system", kind, "other"), value=value, use=use) if value else None

    return convert


def codeable_concept(element: Element, _: Context) -> JSONObject | None:
    """CWE, CE, CNE, CF → CodeableConcept: a coding for each of its two identifiers, and the text that was meant."""
    codings = [_coding(element, first, version) for first, version in ((1, 7), (4, 8))]
    said = element[9].value or element[2].value or element[5].value
    return cleaned(coding=[found for found in codings if found], text=said) or None


def table(number: str) -> Callable[[Element, Context], JSONObject | None]:
    """IS, ID, CWE → CodeableConcept of an HL7 table, where the element names no other system."""

    def convert(element: Element, context: Context) -> JSONObject | None:
        if len(element) > 1:
            return codeable_concept(element, context)
        return {"coding": [{"system": codes.hl7_table(number), "code": element.value}]} if element.value else None

    return convert


def practitioner(element: Element, _: Context) -> JSONObject | None:
    """XCN → Reference to a Practitioner, by identifier."""
    name = _name(element, 2, "")
    return _reference("Practitioner", _identifier(element[1].value, element[9]), _shown(name))


def organization(element: Element, _: Context) -> JSONObject | None:
    """XON → Reference to an Organization, by identifier."""
    found = _identifier(element[10].value or element[3].value, element[6])
    return _reference("Organization", found, element[1].value)


def location(element: Element, _: Context) -> JSONObject | None:
    """PL → Reference to a Location: point of care, room, bed, facility as its name."""
    parts = [element[number].value for number in (4, 1, 2, 3)]
    return _reference("Location", None, " ".join(part for part in parts if part))


def annotation(element: Element, context: Context) -> JSONObject | None:
    """FT → Annotation."""
    found = text(element, context)
    return {"text": found} if found else None


def concept_of(found: JSONObject | None) -> JSONObject | None:
    """A Coding as a CodeableConcept."""
    return {"coding": [found]} if found else None


def _stamp(element: Element) -> Timestamp | None:
    found = element.value
    return parse_timestamp(found) if found and found != NULL else None


def _instant(stamp: Timestamp, context: Context) -> str:
    """FHIR wants seconds and an offset wherever there is a time."""
    value: datetime = stamp.value if stamp.value.tzinfo else stamp.value.replace(tzinfo=context.zone)
    return value.isoformat(timespec="milliseconds" if stamp.precision == "fraction" else "seconds")


def _identifier(value: str, authority: Element, **more: JSON) -> JSONObject | None:
    """An Identifier with the system of its assigning authority (HD)."""
    value = value.strip()
    if not value or value == NULL:
        return None
    namespace, universal = authority[1].value, authority[2].value
    assigner = {"display": namespace} if namespace else None
    return cleaned(**more, system=codes.authority(universal) if universal else None, value=value, assigner=assigner)


def _name(element: Element, first: int, kind: str) -> JSONObject | None:
    """Family, given, further given, suffix, prefix, degree: XPN-1 … 6, XCN-2 … 7."""
    family, given, further, suffix, prefix, degree = (element[first + step] for step in range(6))
    return (
        cleaned(
            use=codes.mapped("name_use", kind),
            family=family[1].value,
            given=[part for part in [given.value, *further.value.split(" ")] if part],
            prefix=[prefix.value] if prefix.value else None,
            suffix=[part for part in (suffix.value, degree.value) if part],
        )
        or None
    )


def _shown(name: JSONObject | None) -> str:
    parts = name or {}
    return " ".join(
        [*parts.get("prefix", []), *parts.get("given", []), parts.get("family", ""), *parts.get("suffix", [])]
    ).strip()


def _reference(resource_type: str, found: JSONObject | None, display: str) -> JSONObject | None:
    return cleaned(type=resource_type, identifier=found, display=display) if found or display else None


def _coding(element: Element, first: int, version: int) -> JSONObject | None:
    value, display, system = (" ".join(element[first + step].value.split()) for step in range(3))
    if not value or value == NULL:
        return None
    return cleaned(system=codes.system(system), version=element[version].value, code=value, display=display)


def _number(element: Element) -> str:
    country, area, local, extension = (element[number].value for number in (5, 6, 7, 8))
    digits = " ".join(part for part in (f"+{country}" if country else "", area, local) if part)
    return f"{digits} ext. {extension}" if digits and extension else digits
