"""core.switch"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, Ports, node_type

FALLBACK = "fallback"
_RESERVED = frozenset({FALLBACK, "error"})


class Mode(StrEnum):
    """How many of the rules count."""

    FIRST_MATCH = "first_match"
    ALL_MATCHES = "all_matches"


def _free(name: str) -> str:
    if name in _RESERVED:
        raise ValueError(f"the output {name} is there already; choose another name")
    return name


class Rule(NodeParameters):
    """A condition, and where the items go that meet it."""

    output: Annotated[str, AfterValidator(_free)] = Field(
        min_length=1,
        max_length=60,
        pattern=r"^[A-Za-z0-9][\w .-]*$",
        description="The output's name; several rules may share one. Not an expression",
    )
    condition: bool = Field(description="As in {{ $json.severity === 'critical' }}")


class Parameters(NodeParameters):
    """The rules, in order."""

    rules: tuple[Rule, ...] = Field(min_length=1, max_length=50, description="Looked at in this order")
    mode: Mode = Field(
        default=Mode.FIRST_MATCH,
        description="first_match: an item leaves by the first rule it meets; all_matches: by every one",
    )


def _ports(parameters: JSONObject) -> tuple[Ports, Ports]:
    rules = parameters.get("rules")
    rules = rules if isinstance(rules, list | tuple) else []
    names = [rule.get("output") for rule in rules if isinstance(rule, dict)]
    fixed = [name for name in names if isinstance(name, str) and "{{" not in name]
    return ("main",), (*dict.fromkeys(fixed), FALLBACK)


@node_type("core.switch", kind=Kind.CONTROL, parameters=Parameters, outputs=(FALLBACK,), ports=_ports)
def switch(call: Call[Parameters]) -> Outcome:
    """Send each item one of many ways.

    Every rule names an output and a condition. Items that meet no rule leave by `fallback`.
    """
    outputs: dict[str, list[JSONObject]] = {}
    for item, parameters in call.each():
        for name in _ways(parameters):
            outputs.setdefault(name, []).append(item)
    return Emit(outputs)


def _ways(parameters: Parameters) -> list[str]:
    met = list(dict.fromkeys(rule.output for rule in parameters.rules if rule.condition)) or [FALLBACK]
    return met[:1] if parameters.mode is Mode.FIRST_MATCH else met
