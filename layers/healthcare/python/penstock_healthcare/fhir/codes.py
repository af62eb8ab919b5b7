"""Code systems and code maps: the facts of `codes.json`, read when first asked.

`systems` names the URI of a coding system by its HL7 table 0396 name, `authorities` of an assigning authority by its
OID; `maps` turn HL7 codes into FHIR codes, `codings` into `[system, code, display]`.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from penstock.json import JSONObject, loads

UCUM = "http://unitsofmeasure.org"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_TABLE = re.compile(r"HL7(\d{4})\Z")
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


@cache
def _data() -> Mapping[str, Any]:
    return dict(loads(Path(__file__).with_name("codes.json").read_bytes()))


def system(name: str) -> str | None:
    """The URI of a coding system (HL7 table 0396); None for local and unknown ones."""
    if table := _TABLE.match(name.upper()):
        return hl7_table(table[1])
    found: str | None = _data()["systems"].get(name.upper())
    return found


def hl7_table(number: str) -> str:
    """The URI of an HL7 v2 table by its four digits."""
    return f"http://terminology.hl7.org/CodeSystem/v2-{number}"


def authority(universal_id: str) -> str | None:
    """The URI of an assigning authority's universal id: an OID, a UUID or a URI."""
    if known := _data()["authorities"].get(universal_id):
        return str(known)
    if _OID.match(universal_id):
        return f"urn:oid:{universal_id}"
    if _UUID.match(universal_id):
        return f"urn:uuid:{universal_id.lower()}"
    return universal_id if ":" in universal_id and " " not in universal_id else None


def mapped(name: str, code: str, default: str | None = None) -> str | None:
    """The FHIR code for an HL7 code, by the map's name."""
    found: str | None = _data()["maps"][name].get(code.upper(), default)
    return found


def coding(name: str, code: str) -> JSONObject | None:
    """The Coding for an HL7 code, by the map's name."""
    found = _data()["codings"][name].get(code.upper())
    return dict(zip(("system", "code", "display"), found, strict=True)) if found else None
