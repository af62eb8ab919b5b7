"""Which search parameters a type of resources has: R4's definitions, those that are served."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from penstock_healthcare.fhir.definitions import r4

TYPES = frozenset({"token", "reference", "date", "string", "quantity", "number", "uri"})
ID, LAST_UPDATED = "_id", "_lastUpdated"
_BASES = ("Resource", "DomainResource")
_ABOUT = ("patient", "subject")
_NOT_SERVED = frozenset({"phonetic"})
_REMEMBERED = 256
"""Types: more than R4 has, since a request may name what is none."""

_SOLE = re.compile(r"(\w+)\.(\w+)(\.where\(resolve\(\) is \w+\))?\Z")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one type of resources. `expression` is FHIRPath, `targets` what a reference may point to."""

    code: str
    type: str
    expression: str
    targets: tuple[str, ...] = ()

    @property
    def element(self) -> str:
        """The element that a simple expression reads: `Observation.subject`."""
        return self.expression.partition(".where(resolve()")[0]


@lru_cache(_REMEMBERED)
def parameters(kind: str) -> Mapping[str, Parameter]:
    """Those of a type, by code: its own and those of every resource."""
    found = [each for base in (*_BASES, kind) for each in r4().search_parameters(base)]
    return {
        each["code"]: Parameter(
            each["code"], each["type"], _own(each["expression"], kind), tuple(each.get("target", ()))
        )
        for each in found
        if each["type"] in TYPES and each.get("expression") and each["code"] not in _NOT_SERVED
    }


@lru_cache(_REMEMBERED)
def patient_parameter(kind: str) -> Parameter | None:
    """The one that names the only patient whom a resource of the type is about; None where several may be named."""
    found = (parameters(kind).get(code) for code in _ABOUT)
    return next((each for each in found if each and "Patient" in each.targets and _is_sole(each, kind)), None)


def _own(expression: str, kind: str) -> str:
    """The alternatives that are about the type: R4 writes those of all types in one expression."""
    parts = [part.strip() for part in expression.split(" | ")]
    own = [part for part in parts if re.match(rf"\(?{re.escape(kind)}\b", part)]
    is_whole = all(part.count("(") == part.count(")") for part in parts)
    return " | ".join(own) if own and is_whole else expression


def _is_sole(parameter: Parameter, kind: str) -> bool:
    """Whether a resource has at most one value for it, told by the definition of the element."""
    found, structure = _SOLE.match(parameter.expression), r4().resource(kind)
    if not found or found[1] != kind or structure is None or found[2] not in structure.root.children:
        return False
    return structure.root.children[found[2]].maximum == 1
