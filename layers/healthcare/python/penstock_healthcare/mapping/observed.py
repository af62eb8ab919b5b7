"""OBX-5 … OBX-7 → an Observation's value and reference range.

Decimals are text with the sender's digits: "1.00" stays "1.00".
"""

import re
from collections.abc import Callable, Mapping

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7 import NULL, BadValue, Segment
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping import primitives as to
from penstock_healthcare.mapping.concepts import concept
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.primitives import exact
from penstock_healthcare.mapping.run import Run, cleaned

Value = tuple[str, JSON]
"""The element that holds a value (`valueQuantity` …), and the value."""
_DECIMAL = r"[+-]?\d+(?:\.\d+)?"
_BETWEEN = re.compile(rf"\s*({_DECIMAL})\s*(?:-|–|to)\s*({_DECIMAL})\s*\Z", re.IGNORECASE)
_AT_MOST = re.compile(rf"\s*(?:<=|≤)\s*({_DECIMAL})\s*\Z")
_AT_LEAST = re.compile(rf"\s*(?:>=|≥)\s*({_DECIMAL})\s*\Z")
_COMPARATORS = frozenset({"<", "<=", ">=", ">"})
_LONGEST_RANGE = 200
VALUE_EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"


def fill_value(segment: Segment, run: Run, place: str, resource: JSONObject) -> None:
    """One value stands on the observation itself, several in components; texts are lines of one."""
    units, sent = unit(segment), _values(segment, run, place)
    if len(sent) > 1 and all(name == "valueString" for name, _ in sent):
        sent = [("valueString", "\n".join(text for _, text in sent))]
    if len(sent) == 1:
        name, value = sent[0]
        resource[name] = [*resource.get(name, []), *value] if name == "extension" else value
    elif sent:
        code = resource.get("code") or {"text": "unknown"}
        resource["component"] = [{"code": code, name: value} for name, value in sent]
    elif reason := codes.code_map("AbsentReason").coding(segment.value(11)):
        resource["dataAbsentReason"] = {"coding": [reason]}
    if reference := reference_range(segment, units):
        resource["referenceRange"] = [reference]


def _values(segment: Segment, run: Run, place: str) -> list[Value]:
    """OBX-5. A value that is not of the type that OBX-2 states is kept as text, and noted."""
    units, sent, text = unit(segment), [], segment.fields[5] if len(segment) >= 5 else ""
    for index, raw in enumerate(text.split(segment.separators.repetition)):
        part = Part(raw, segment.separators, segment.codec)
        if not raw or raw == NULL:
            continue
        try:
            value = read_value(part, segment.value(2).upper(), units, run)
        except BadValue as error:
            run.note(f"{place}-5[{index}]", f"datatype-{error.datatype}", f"kept as text: expected {error.expected}")
            value = ("valueString", _flat(part))
        if value:
            sent.append(value)
    return sent


def unit(segment: Segment) -> JSONObject:
    """OBX-6 as the elements of a Quantity: UCUM where either identifier is, else what is written."""
    text = segment.fields[6] if len(segment) >= 6 else ""
    if not text:
        return {}
    found = Part(text.split(segment.separators.repetition, 1)[0], segment.separators, segment.codec)
    pairs = [(found.text(first), found.text(first + 1), found.text(first + 2)) for first in (1, 4)]
    code, name, system = next((pair for pair in pairs if codes.system(pair[2]) == codes.UCUM), pairs[0])
    uri = codes.system(system) if code else None
    return cleaned(unit=name or code, system=uri, code=code if uri else None)


def reference_range(segment: Segment, units: JSONObject) -> JSONObject | None:
    """OBX-7: always its text; `low` and `high` where it names bounds that belong to the range."""
    text = segment.value(7)
    if not text or text == NULL:
        return None
    low, high = _bounds(text)
    return cleaned(
        low={"value": low} | units if low else None,
        high={"value": high} | units if high else None,
        text=text,
    )


def read_value(part: Part, datatype: str, units: JSONObject, run: Run) -> Value | None:
    """One repetition of OBX-5 by the type that OBX-2 states. Raises BadValue."""
    read = _TYPES.get(datatype)
    if read:
        return read(part, units, run)
    found = _flat(part) if datatype not in _TEXTS else to.text(part, run)
    return ("valueString", found) if found else None


def quantity(text: str, units: JSONObject, comparator: str = "") -> JSONObject:
    """A Quantity. Raises BadValue."""
    return cleaned(value=exact(text), comparator=comparator) | units


def _flat(part: Part) -> str:
    """All that was sent, as text: what no type tells how to read."""
    texts = [part.text(number) for number in range(1, len(part) + 1)]
    return "^".join(texts).strip("^") if len(part) > 1 else part.value


def _bounds(text: str) -> tuple[str | None, str | None]:
    if len(text) > _LONGEST_RANGE:
        return None, None
    if match := _BETWEEN.match(text):
        return exact(match[1]), exact(match[2])
    at_most, at_least = _AT_MOST.match(text), _AT_LEAST.match(text)
    return exact(at_least[1]) if at_least else None, exact(at_most[1]) if at_most else None


def _numeric(part: Part, units: JSONObject, _: Run) -> Value | None:
    return ("valueQuantity", quantity(part.value, units)) if part.raw else None


def _structured(part: Part, units: JSONObject, _: Run) -> Value | None:
    """SN: `>^100`, `^10^-^20` (a range), `^1^:^128` (a ratio), `^2^+` and the rest as text."""
    comparator, first, separator, second = (part.text(number) for number in (1, 2, 3, 4))
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


_read_concept = concept()


def _coded(part: Part, _: JSONObject, run: Run) -> Value | None:
    concept = _read_concept(part, run)
    return ("valueCodeableConcept", concept) if concept else None


def _date_time(part: Part, _: JSONObject, run: Run) -> Value | None:
    found = to.date_time(part, run)
    return ("valueDateTime", found) if found else None


def _time(part: Part, _: JSONObject, run: Run) -> Value:
    return "valueTime", to.clock_time(part, run)


def _numeric_range(part: Part, units: JSONObject, _: Run) -> Value | None:
    bounds = {"low": part.text(1), "high": part.text(2)}
    found = {name: quantity(text, units) for name, text in bounds.items() if text}
    return ("valueRange", found) if found else None


def _period(part: Part, _: JSONObject, run: Run) -> Value | None:
    period = cleaned(start=to.date_time(part[1], run), end=to.date_time(part[2], run))
    return ("valuePeriod", period) if period else None


def _document(part: Part, _: JSONObject, __: Run) -> Value | None:
    """ED: R4 has no attachment for a value; R5's is given as the extension that R5 names for it."""
    kind, subtype, encoding, data = (part.text(number) for number in (2, 3, 4, 5))
    if encoding.lower() != "base64" or not data:
        raise BadValue("ED", "data in Base64")
    found = cleaned(contentType=content_type(kind, subtype), data=data)
    return "extension", [{"url": VALUE_EXTENSION, "valueAttachment": found}]


def _pointer(part: Part, _: JSONObject, __: Run) -> Value | None:
    """RP: where the document is."""
    found = cleaned(contentType=content_type(part.text(3), part.text(4)), url=part.text(1))
    return ("extension", [{"url": VALUE_EXTENSION, "valueAttachment": found}]) if "url" in found else None


def content_type(kind: str, subtype: str) -> str | None:
    """`application` and `PDF` as a MIME type; None where it does not make one."""
    found = "/".join(part.strip().lower() for part in (kind, subtype) if part.strip())
    return found if found.count("/") == 1 and " " not in found else None


_TEXTS = frozenset({"", "ST", "TX", "FT", "GTS"})
_TYPES: Mapping[str, Callable[[Part, JSONObject, Run], Value | None]] = {
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
    "RP": _pointer,
}
