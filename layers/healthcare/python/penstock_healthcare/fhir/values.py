"""OBX-5 … OBX-8 → an Observation's value, reference range and interpretation.

Decimals are text with the sender's digits: "1.00" stays "1.00".
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from penstock.json import JSON, JSONObject
from penstock_healthcare.fhir import codes
from penstock_healthcare.fhir import datatypes as to
from penstock_healthcare.fhir.context import Context
from penstock_healthcare.fhir.rows import cleaned
from penstock_healthcare.hl7 import BadValue, Element, Segment, parse_number

Value = tuple[str, JSON]
"""The element that holds a value (`valueQuantity` …), and the value."""
_DECIMAL = r"[+-]?\d+(?:\.\d+)?"
_BETWEEN = re.compile(rf"\s*({_DECIMAL})\s*(?:-|–|to)\s*({_DECIMAL})\s*\Z", re.IGNORECASE)
_AT_MOST = re.compile(rf"\s*(?:<=|≤)\s*({_DECIMAL})\s*\Z")
_AT_LEAST = re.compile(rf"\s*(?:>=|≥)\s*({_DECIMAL})\s*\Z")
_COMPARATORS = frozenset({"<", "<=", ">=", ">"})
_LONGEST_RANGE = 200
_VALUE_EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"


def decimal(text: str) -> str:
    """NM as FHIR's decimal (`-?(0|[1-9]\\d*)(\\.\\d+)?`), every digit after the point kept. Raises BadValue."""
    return format(parse_number(text), "f")


def quantity(text: str, unit: JSONObject, comparator: str = "") -> JSONObject:
    """A Quantity. Raises BadValue."""
    return cleaned(value=decimal(text), comparator=comparator) | unit


def unit(segment: Segment) -> JSONObject:
    """OBX-6 as the elements of a Quantity: UCUM where either identifier is, else what is written."""
    found = segment[6][0]
    pairs = [(found[first].value, found[first + 1].value, found[first + 2].value) for first in (1, 4)]
    code, name, system = next((pair for pair in pairs if codes.system(pair[2]) == codes.UCUM), pairs[0])
    uri = codes.system(system)
    return cleaned(unit=name or code, system=uri, code=code if uri else None)


def value(element: Element, datatype: str, units: JSONObject, context: Context) -> Value | None:
    """One repetition of OBX-5 by the type that OBX-2 states. Raises BadValue."""
    read = _TYPES.get(datatype)
    if read:
        return read(element, units, context)
    found = to.text(element, context)
    return ("valueString", found) if found else None


def reference_range(segment: Segment, units: JSONObject) -> JSONObject | None:
    """OBX-7: always its text; `low` and `high` where it names bounds that belong to the range."""
    text = segment.value(7)
    if not text:
        return None
    low, high = _bounds(text)
    return cleaned(
        low={"value": low} | units if low else None,
        high={"value": high} | units if high else None,
        text=text,
    )


def interpretation(element: Element, context: Context) -> JSONObject | None:
    """OBX-8, table 0078; what FHIR's code system does not have keeps the table's."""
    if coding := codes.coding("interpretation", element.value):
        return {"coding": [coding]}
    return to.table("0078")(element, context)


def _bounds(text: str) -> tuple[str | None, str | None]:
    if len(text) > _LONGEST_RANGE:
        return None, None
    if match := _BETWEEN.match(text):
        return decimal(match[1]), decimal(match[2])
    at_most, at_least = _AT_MOST.match(text), _AT_LEAST.match(text)
    return decimal(at_least[1]) if at_least else None, decimal(at_most[1]) if at_most else None


def _numeric(element: Element, units: JSONObject, _: Context) -> Value:
    return "valueQuantity", quantity(element.value, units)


def _structured(element: Element, units: JSONObject, _: Context) -> Value | None:
    """SN: `>^100`, `^10^-^20` (a range), `^1^:^128` (a ratio), `^2^+` and the rest as text."""
    comparator, first, separator, second = (element[number].value for number in (1, 2, 3, 4))
    comparator = "" if comparator == "=" else comparator
    if comparator in _COMPARATORS | {""} and first:
        if not separator:
            return "valueQuantity", quantity(first, units, comparator)
        if separator in ("/", ":") and second:
            return "valueRatio", {
                "numerator": quantity(first, units, comparator),
                "denominator": quantity(second, units),
            }
        if separator == "-" and second and not comparator:
            return "valueRange", {"low": quantity(first, units), "high": quantity(second, units)}
    text = "".join((comparator, first, separator, second))
    return ("valueString", text) if text else None


def _coded(element: Element, _: JSONObject, context: Context) -> Value | None:
    concept = to.codeable_concept(element, context)
    return ("valueCodeableConcept", concept) if concept else None


def _date_time(element: Element, _: JSONObject, context: Context) -> Value | None:
    found = to.date_time(element, context)
    return ("valueDateTime", found) if found else None


def _time(element: Element, _: JSONObject, context: Context) -> Value:
    return "valueTime", to.clock_time(element, context)


def _numeric_range(element: Element, units: JSONObject, _: Context) -> Value:
    bounds = {"low": element[1].value, "high": element[2].value}
    return "valueRange", {name: quantity(text, units) for name, text in bounds.items() if text}


def _period(element: Element, _: JSONObject, context: Context) -> Value | None:
    period = cleaned(start=to.date_time(element[1], context), end=to.date_time(element[2], context))
    return ("valuePeriod", period) if period else None


def _document(element: Element, _: JSONObject, __: Context) -> Value | None:
    """ED: R4 has no attachment for a value; R5's is given as the extension that R5 names for it."""
    kind, subtype, encoding, data = (element[number].value for number in (2, 3, 4, 5))
    if encoding.lower() != "base64" or not data:
        raise BadValue("ED", "data in Base64")
    content_type = "/".join(part.lower() for part in (kind, subtype) if part)
    attachment = cleaned(contentType=content_type if "/" in content_type else None, data=data)
    return "extension", [{"url": _VALUE_EXTENSION, "valueAttachment": attachment}]


_TYPES: Mapping[str, Callable[[Element, JSONObject, Context], Value | None]] = {
    "NM": _numeric,
    "SN": _structured,
    "CE": _coded,
    "CF": _coded,
    "CNE": _coded,
    "CWE": _coded,
    "IS": _coded,
    "ID": _coded,
    "DT": _date_time,
    "DTM": _date_time,
    "TS": _date_time,
    "TM": _time,
    "NR": _numeric_range,
    "DR": _period,
    "ED": _document,
}


def number(value: JSON) -> Decimal | None:
    """A decimal as items hold it, as text or number; None where there is none."""
    try:
        return parse_number(str(value)) if isinstance(value, str | int | float) else None
    except BadValue:
        return None
