"""An Observation's value and reference range → OBX-2, OBX-5 … OBX-7, and what else a map's line cannot say."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from penstock.json import JSON, JSONObject
from penstock_healthcare.mapping import backward as to
from penstock_healthcare.mapping.backward import Resolve, Tree
from penstock_healthcare.mapping.observed import VALUE_EXTENSION

Fields: TypeAlias = dict[int, list[Tree]]
Written: TypeAlias = tuple[str, Tree | None, JSONObject]
"""OBX-2, a repetition of OBX-5, and the Quantity that has the units."""


def value_fields(obj: JSONObject, resolve: Resolve, fields: Fields) -> None:
    """OBX-2 and OBX-5 … OBX-7: the value of the observation, or those of its components that are about the same."""
    sources = [obj, *obj.get("component", ())]
    written = [found for each in sources for found in _written(each, resolve)]
    kinds = {kind for kind, tree, _ in written if tree}
    if len(kinds) == 1:
        fields[2] = [kinds.pop()]
        fields[5] = [tree for _, tree, _ in written if tree]
    elif kinds:
        fields[2], fields[5] = ["ST"], [tree for kind, tree, _ in written if tree and isinstance(tree, str)]
    if units := next((units for _, _, units in written if units), None):
        fields[6] = [to.units(units)]
    if text := next((each.get("text") for each in obj.get("referenceRange", ()) if each.get("text")), None):
        fields[7] = [str(text)]
    elif bounds := next(iter(obj.get("referenceRange", ())), None):
        fields[7] = [_range(bounds)]


def _written(obj: JSONObject, resolve: Resolve) -> list[Written]:
    found = [_WRITERS[name](obj[name], resolve) for name in _WRITERS if name in obj]
    for extension in obj.get("extension", ()):
        if extension.get("url") == VALUE_EXTENSION:
            found.append(_attachment(extension.get("valueAttachment", {})))
    return found


def _quantity(value: JSON, _: Resolve) -> Written:
    if comparator := value.get("comparator"):
        return "SN", {1: comparator, 2: str(value.get("value", ""))}, _unit(value)
    return "NM", str(value.get("value", "")), _unit(value)


def _range_value(value: JSON, _: Resolve) -> Written:
    low, high = (value.get(name, {}) for name in ("low", "high"))
    return "SN", {2: str(low.get("value", "")), 3: "-", 4: str(high.get("value", ""))}, _unit(low or high)


def _ratio(value: JSON, _: Resolve) -> Written:
    over, under = (value.get(name, {}) for name in ("numerator", "denominator"))
    parts: Tree = {1: over.get("comparator", ""), 2: str(over.get("value", "")), 3: ":", 4: str(under.get("value", ""))}
    return "SN", parts, _unit(over)


def _text(value: JSON, resolve: Resolve) -> Written:
    kind = "TX" if "\n" in str(value) else "ST"
    return kind, to.text(value, resolve), {}


def _concept(value: JSON, resolve: Resolve) -> Written:
    return "CWE", to.PLAIN["concept"](value, resolve), {}


def _date_time(value: JSON, resolve: Resolve) -> Written:
    return ("DT" if len(str(value)) <= len("2026-01-01") else "TS"), to.date_time(value, resolve), {}


def _time(value: JSON, resolve: Resolve) -> Written:
    return "TM", to.clock_time(value, resolve), {}


def _period(value: JSON, resolve: Resolve) -> Written:
    return "DR", {n: to.date_time(value.get(name), resolve) or "" for n, name in ((1, "start"), (2, "end"))}, {}


def _boolean(value: JSON, resolve: Resolve) -> Written:
    return "ID", to.boolean(value, resolve), {}


def _integer(value: JSON, _: Resolve) -> Written:
    return "NM", str(value), {}


def _attachment(value: JSONObject) -> Written:
    kind, _, subtype = str(value.get("contentType", "")).partition("/")
    if "data" in value:
        return "ED", {2: kind, 3: subtype, 4: "Base64", 5: str(value["data"])}, {}
    return "RP", {1: str(value.get("url", "")), 3: kind, 4: subtype}, {}


def _unit(value: JSONObject) -> JSONObject:
    return {name: value[name] for name in ("unit", "system", "code") if name in value}


def _range(bounds: JSONObject) -> str:
    low, high = (str(bounds.get(name, {}).get("value", "")) for name in ("low", "high"))
    return f"{low}-{high}" if low and high else f">={low}" if low else f"<={high}" if high else ""


def minutes(obj: JSONObject, _: Resolve, fields: Fields) -> None:
    """SCH-9 and SCH-10."""
    if "minutesDuration" in obj:
        fields[9], fields[10] = [str(obj["minutesDuration"])], ["MIN"]


def comment(obj: JSONObject, resolve: Resolve, fields: Fields) -> None:
    """NTE-3."""
    if found := to.text(obj.get("comment"), resolve):
        fields[3] = [found]


def document(obj: JSONObject, _: Resolve, fields: Fields) -> None:
    """OBX-2 and OBX-5 of an attachment."""
    kind, tree, __ = _attachment(obj.get("attachment", {}))
    if tree:
        fields[2], fields[5] = [kind], [tree]


_WRITERS: Mapping[str, Callable[[JSON, Resolve], Written]] = {
    "valueQuantity": _quantity,
    "valueRange": _range_value,
    "valueRatio": _ratio,
    "valueString": _text,
    "valueCodeableConcept": _concept,
    "valueDateTime": _date_time,
    "valueTime": _time,
    "valuePeriod": _period,
    "valueBoolean": _boolean,
    "valueInteger": _integer,
}
WHOLE: Mapping[str, Callable[[JSONObject, Resolve, Fields], None]] = {
    "@observed": value_fields,
    "@minutes": minutes,
    "@comment": comment,
    "@document": document,
}
