"""healthcare.terminology.lookup"""

from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeFailure, NodeParameters, Outcome, node_type
from penstock_healthcare.fhir.errors import NoDefinitions
from penstock_healthcare.mapping import codes

if TYPE_CHECKING:
    from penstock_healthcare.fhir.validation.terminology import Terminology

_PORTS = {True: "known", False: "unknown", None: "undecided"}


class Parameters(NodeParameters):
    """Which code, and where it is looked for."""

    code: str = Field(min_length=1, max_length=200, description="The code")
    system: str = Field(
        default="",
        max_length=500,
        description="The code system: its URI, or its name in HL7 v2 (HL70001, LN); left out, any of the value set's",
    )
    value_set: str = Field(
        default="", max_length=500, description="The URL of a value set of R4 that the code must be in, if it must"
    )

    @model_validator(mode="after")
    def _says_where(self) -> "Parameters":
        if not self.system and not self.value_set:
            raise ValueError("give a system, a value_set, or both")
        return self


@node_type(
    "healthcare.terminology.lookup", kind=Kind.QUERY, parameters=Parameters, outputs=("known", "unknown", "undecided")
)
def look_up_code(call: Call[Parameters]) -> Outcome:
    """Look a code up in R4's code systems and value sets, and in HL7 v2's tables.

    Adds `concept` to the item: `system`, `code`, `display`, `parents` and `is_selectable` where the code system is
    here, `in_value_set` where one is asked for. Items leave by `known` (the code is there, and in the value set),
    `unknown` (it is not), or `undecided`: of LOINC, SNOMED CT and other systems that FHIR only names, no codes are
    here.
    """
    from penstock_healthcare.fhir.definitions import r4
    from penstock_healthcare.fhir.validation.terminology import Terminology

    ports: dict[str, Items] = {port: [] for port in _PORTS.values()}
    terminology = Terminology(r4())
    for index, (item, parameters) in enumerate(call.each()):
        concept, is_known = _looked_up(index, terminology, parameters)
        ports[_PORTS[is_known]].append({**item, "concept": concept})
    return Emit(ports)


def _looked_up(index: int, terminology: "Terminology", given: Parameters) -> tuple[JSONObject, bool | None]:
    try:
        system = _system(index, given.system)
        in_set = _in_value_set(index, terminology, system, given) if given.value_set else True
        row, has_code = _row(terminology, system, given.code)
    except NoDefinitions as error:
        raise NodeFailure("NoDefinitions", str(error), permanent=True) from error
    concept = {"system": system, "code": given.code, **_told(row)}
    concept |= {"in_value_set": in_set} if given.value_set else {}
    return concept, _verdict(has_code, in_set, has_set=bool(given.value_set))


def _verdict(has_code: bool | None, in_set: bool | None, *, has_set: bool) -> bool | None:
    """Whether the code is right; None where nobody can say. A value set that has the code vouches for its system."""
    if False in (has_code, in_set):
        return False
    return in_set if has_set else has_code


def _system(index: int, given: str) -> str | None:
    if not given:
        return None
    found = given if ":" in given else codes.system(given)
    if found is None:
        reason = f"item {index}: system: must be a URI, or a name of HL7 table 0396"
        raise NodeFailure("UnknownSystem", reason, permanent=True)
    return found


def _in_value_set(index: int, terminology: "Terminology", system: str | None, given: Parameters) -> bool | None:
    expansion = terminology.expansion(given.value_set)
    if expansion is None:
        raise NodeFailure("UnknownValueSet", f"item {index}: value_set: R4 has none with this URL", permanent=True)
    return expansion.has(system, given.code)


def _row(terminology: "Terminology", system: str | None, code: str) -> tuple[list[Any] | None, bool | None]:
    """The code's row, and whether the system has it; None where nobody can say."""
    rows = terminology.concepts(system) if system else None
    if rows is None or system is None:
        return None, None
    if terminology.ignores_case(system):
        rows = {each.lower(): row for each, row in rows.items()}
        code = code.lower()
    return rows.get(code), code in rows


def _told(row: list[Any] | None) -> JSONObject:
    if row is None:
        return {}
    _, display, parents, properties = row
    return {"display": display, "parents": list(parents), "is_selectable": not properties.get("notSelectable", False)}
