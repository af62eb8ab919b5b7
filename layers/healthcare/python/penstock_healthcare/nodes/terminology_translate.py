"""healthcare.terminology.translate"""

from typing import Literal

from pydantic import Field, field_validator

from penstock.json import Items, JSONObject
from penstock.workflows.node import Call, Emit, Kind, NodeParameters, Outcome, node_type
from penstock_healthcare.mapping import codes


class Parameters(NodeParameters):
    """Which code becomes what."""

    code: str = Field(min_length=1, max_length=200, description="The code")
    map: str = Field(
        max_length=100, description="The map of codes: MaritalStatus, ObservationStatus, EncounterClass, Route …"
    )
    direction: Literal["to_fhir", "to_v2"] = Field(
        default="to_fhir", description="to_fhir: from an HL7 v2 table; to_v2: back to it"
    )

    @field_validator("map")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in codes.code_maps():
            raise ValueError(f"must be one of {', '.join(codes.code_maps())}")
        return name


@node_type(
    "healthcare.terminology.translate", kind=Kind.QUERY, parameters=Parameters, outputs=("translated", "unmapped")
)
def translate_code(call: Call[Parameters]) -> Outcome:
    """Translate a code of an HL7 v2 table to FHIR R4's, or back, by the maps that convert messages.

    Adds `translation` to the item: `system`, `code`, `display` where the map has one, and `is_reversible`: whether
    translating it back gives the code again. Several v2 codes may become one of FHIR's; back, it becomes the first of
    them. Items whose code the map does not have leave by `unmapped`, with `translation` null.
    """
    ports: dict[str, Items] = {"translated": [], "unmapped": []}
    for item, parameters in call.each():
        found = _DIRECTIONS[parameters.direction](codes.code_map(parameters.map), parameters.code)
        ports["translated" if found else "unmapped"].append({**item, "translation": found})
    return Emit(ports)


def _to_fhir(known: codes.CodeMap, code: str) -> JSONObject | None:
    coding = known.coding(code)
    return {**coding, "is_reversible": not known.loses(code.upper())} if coding else None


def _to_v2(known: codes.CodeMap, code: str) -> JSONObject | None:
    found = known.backward.get(code)
    if found is None:
        return None
    return {"system": codes.hl7_table(known.table), "code": found, "is_reversible": _again(known, found) == code}


def _again(known: codes.CodeMap, code: str) -> str:
    return known.codes[code.upper()][0]


_DIRECTIONS = {"to_fhir": _to_fhir, "to_v2": _to_v2}
