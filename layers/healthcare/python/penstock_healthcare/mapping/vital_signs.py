"""Vital signs: R4 asks an Observation with one of these codes to conform to the vital signs profile."""

from typing import Any

from penstock.json import JSONObject
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping.run import Run

_CODES = frozenset(
    ["85353-1", "9279-1", "8867-4", "2708-6", "8310-5", "8302-2", "9843-4", "29463-7", "39156-5", "85354-9"]
)
_LOINC = "http://loinc.org"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def conform(resource: JSONObject, run: Run) -> None:
    """Say that it is a vital sign, in UCUM's units, and that a value is missing where it is.

    A value that is no number stays, as a note: R4 takes only a quantity.
    """
    if not _is_vital(resource):
        return
    category = {"coding": [{"system": _CATEGORIES, "code": "vital-signs"}]}
    resource["category"] = [category, *resource.get("category", [])]
    for each in (resource, *resource.get("component", ())):
        if "valueQuantity" in each:
            _in_ucum(each["valueQuantity"])
    _move_values(resource, run)
    if not any(name.startswith("value") for name in resource) and "component" not in resource:
        resource.setdefault("dataAbsentReason", {"coding": [{"system": _ABSENT, "code": "unknown"}]})


def _is_vital(resource: JSONObject) -> bool:
    codings = resource.get("code", {}).get("coding", ())
    return any(each.get("system") == _LOINC and each["code"] in _CODES for each in codings)


def _in_ucum(quantity: JSONObject) -> None:
    found = codes.code_map("Units").coding(quantity.get("code") or quantity.get("unit", ""))
    if found and quantity.get("system") != codes.UCUM:
        quantity |= found


def _move_values(resource: JSONObject, run: Run) -> None:
    """Values that the profile does not take, to notes; none is lost."""
    for each in (resource, *resource.get("component", ())):
        for name in [name for name in each if name.startswith("value") and not _fits(name, each[name])]:
            resource.setdefault("note", []).append({"text": _text(each.pop(name))})
            run.note("OBX-5", "vital-sign", "kept as a note: a vital sign is a number with a UCUM unit")
    if "component" in resource:
        left = [each for each in resource["component"] if any(name.startswith("value") for name in each)]
        resource["component"] = left
        if not left:
            del resource["component"]


def _fits(name: str, value: Any) -> bool:
    return name == "valueQuantity" and value.get("system") == codes.UCUM


def _text(value: Any) -> str:
    """The value in words."""
    if not isinstance(value, dict):
        return str(value)
    coded: JSONObject = next(iter(value.get("coding", ())), {})
    shown = value.get("text") or coded.get("display") or coded.get("code")
    return (
        shown or " ".join(str(value[name]) for name in ("comparator", "value", "unit") if name in value) or str(value)
    )
