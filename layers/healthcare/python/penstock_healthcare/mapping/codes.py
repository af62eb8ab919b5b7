"""Code systems and code maps, as `maps/codes` has them; each file is read when first asked for.

`systems.map` names the URI of a coding system by its HL7 table 0396 name, `authorities.map` that of an assigning
authority by its OID. Every other file is one map: `table` and `system` lines, then lines of
`<v2 code>  <FHIR code>[  <display>[  <system>]]`; a display of `-` is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from penstock.json import JSONObject
from penstock_healthcare.mapping.notation import lines, uri

FOLDER = Path(__file__).with_name("maps") / "codes"
UCUM = "http://unitsofmeasure.org"
_TABLE = re.compile(r"HL7(\d{4})\Z")
_TABLE_URI = re.compile(r"http://terminology\.hl7\.org/CodeSystem/v2-(\d{4})\Z")
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CodeMap:
    """`codes`: by the v2 code in upper case, FHIR's code, its display and its system."""

    table: str
    codes: Mapping[str, tuple[str, str, str]]
    backward: Mapping[str, str]
    """The first v2 code that becomes this FHIR code."""

    def coding(self, code: str) -> JSONObject | None:
        """The Coding for a v2 code."""
        found = self.codes.get(code.upper())
        if found is None:
            return None
        named = {"system": found[2], "code": found[0]}
        return {**named, "display": found[1]} if found[1] else named

    def loses(self, code: str) -> bool:
        """Whether the FHIR code does not tell which v2 code it was."""
        found = self.codes.get(code.upper())
        return found is None or self.backward[found[0]] != code


@cache
def code_map(name: str) -> CodeMap:
    """A map by its file's name. Raises FileNotFoundError."""
    table = system = ""
    codes: dict[str, tuple[str, str, str]] = {}
    backward: dict[str, str] = {}
    for _, columns in lines(FOLDER / f"{name}.map"):
        word, _, rest = columns[0].partition(" ")
        if len(columns) == 1 and word in ("table", "system"):
            table, system = (rest, system) if word == "table" else (table, uri(rest))
            continue
        code, display, own = (*columns[1:], "", "", "")[:3]
        codes[columns[0].upper()] = (code, "" if display == "-" else display, uri(own) or system)
        backward.setdefault(code, columns[0])
    return CodeMap(table, codes, backward)


@cache
def _names(file: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    pairs = [(columns[0], columns[1]) for _, columns in lines(FOLDER / f"{file}.map")]
    return dict(pairs), {found: name for name, found in reversed(pairs)}


def system(name: str) -> str | None:
    """The URI of a coding system (HL7 table 0396); None for local and unknown ones."""
    if table := _TABLE.match(name.upper()):
        return hl7_table(table[1])
    return _names("systems")[0].get(name.upper())


def system_name(found: str) -> str:
    """The table 0396 name of a coding system's URI; "L" for one that has none."""
    if table := _TABLE_URI.match(found):
        return f"HL7{table[1]}"
    return _names("systems")[1].get(found, "L")


def hl7_table(number: str) -> str:
    """The URI of an HL7 v2 table by its four digits."""
    return f"http://terminology.hl7.org/CodeSystem/v2-{number}"


def is_table(found: str) -> bool:
    """Whether a coding system is an HL7 v2 table."""
    return _TABLE_URI.match(found) is not None


def authority(universal_id: str) -> str | None:
    """The URI of an assigning authority's universal id: an OID, a UUID or a URI."""
    if known := _names("authorities")[0].get(universal_id):
        return known
    if _OID.match(universal_id):
        return f"urn:oid:{universal_id}"
    if _UUID.match(universal_id):
        return f"urn:uuid:{universal_id.lower()}"
    return universal_id if ":" in universal_id and " " not in universal_id else None


def universal_id(found: str) -> tuple[str, str]:
    """The universal id and its type (HL7 table 0301) of an authority's URI."""
    if known := _names("authorities")[1].get(found):
        return known, "ISO"
    for prefix, kind in (("urn:oid:", "ISO"), ("urn:uuid:", "UUID")):
        if found.startswith(prefix):
            return found[len(prefix) :], kind
    return found, "URI"


@cache
def code_maps() -> tuple[str, ...]:
    """The names of all maps of codes, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.map") if file.stem[0].isupper()))
