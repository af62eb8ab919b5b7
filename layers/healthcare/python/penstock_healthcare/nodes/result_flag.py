"""healthcare.result.flag"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.values import number


class Level(StrEnum):
    """How a result stands."""

    CRITICAL = "critical"
    ABNORMAL = "abnormal"
    NORMAL = "normal"


class Parameters(NodeParameters):
    """What counts as what."""

    resources: list[dict[str, Any]] | None = Field(
        default=None, description="FHIR resources; the item's `resources` when left out"
    )
    critical: frozenset[str] = Field(
        default=frozenset({"HH", "LL", "AA"}), description="Interpretations that make a result critical"
    )
    abnormal: frozenset[str] = Field(
        default=frozenset({"H", "L", "A", "<", ">", "U", "D", "W", "R", "POS"}),
        description="Interpretations that make a result abnormal",
    )


@node_type(
    "healthcare.result.flag",
    kind=Kind.CONTROL,
    parameters=Parameters,
    outputs=(Level.CRITICAL.value, Level.ABNORMAL.value, Level.NORMAL.value),
)
def flag_result(call: Call[Parameters]) -> Outcome:
    """Send results on by what their observations say: `critical`, `abnormal` or `normal`.

    An item is as serious as its most serious Observation. What the laboratory flagged counts; a quantity that it did
    not flag is abnormal when it lies outside its reference range. Observations that were cancelled or entered in error
    do not count. Adds `flag` to the item: its `level`, and the `observations` that made it so, by reference, code and
    interpretation.
    """
    ports: dict[str, Items] = {level.value: [] for level in Level}
    for item, parameters in call.each():
        resources = item.get("resources") if parameters.resources is None else parameters.resources
        flag = _flag(resources if isinstance(resources, list) else [], parameters)
        ports[flag["level"]].append({**item, "flag": flag})
    return Emit(ports)


def _flag(resources: Sequence[JSONObject], parameters: Parameters) -> JSONObject:
    found: dict[Level, list[JSONObject]] = {level: [] for level in Level}
    for resource in _counting(resources):
        codes = list(_interpretations(resource))
        found[_level(resource, codes, parameters)].append(_entry(resource, codes))
    level = next((level for level in (Level.CRITICAL, Level.ABNORMAL) if found[level]), Level.NORMAL)
    return {"level": level.value, "observations": [] if level is Level.NORMAL else found[level]}


def _counting(resources: Sequence[JSONObject]) -> Iterator[JSONObject]:
    for resource in resources:
        if resource.get("resourceType") == "Observation" and resource.get("status") not in (
            "cancelled",
            "entered-in-error",
        ):
            yield resource


def _level(resource: JSONObject, codes: Sequence[str], parameters: Parameters) -> Level:
    if parameters.critical.intersection(codes):
        return Level.CRITICAL
    if parameters.abnormal.intersection(codes) or (not codes and _is_outside(resource)):
        return Level.ABNORMAL
    return Level.NORMAL


def _interpretations(resource: JSONObject) -> Iterator[str]:
    for concept in resource.get("interpretation", []):
        for coding in concept.get("coding", []):
            yield str(coding.get("code", ""))


def _is_outside(resource: JSONObject) -> bool:
    """Whether a plain quantity lies outside the first reference range that has bounds; the bounds belong to it."""
    quantity = resource.get("valueQuantity", {})
    value = number(quantity.get("value"))
    if value is None or "comparator" in quantity:
        return False
    for bounds in resource.get("referenceRange", []):
        low, high = (number(bounds.get(name, {}).get("value")) for name in ("low", "high"))
        if low is not None or high is not None:
            return (low is not None and value < low) or (high is not None and value > high)
    return False


def _entry(resource: JSONObject, codes: Sequence[str]) -> JSONObject:
    code = resource.get("code", {})
    first: JSONObject = next(iter(code.get("coding", [])), {})
    return {
        "reference": f"Observation/{resource.get('id', '')}",
        "code": first.get("code", ""),
        "display": code.get("text") or first.get("display", ""),
        "interpretation": list(codes),
    }
