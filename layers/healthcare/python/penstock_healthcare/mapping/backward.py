"""FHIR's data types → HL7's: what each type of a map's type column writes, the other way round from `primitives`.

A `Tree` is a repetition or what is inside of it: text, or its parts by number, empty where there is nothing.
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from penstock.json import JSON, JSONObject
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping.datatypes import LEVELS

Tree: TypeAlias = str | dict[int, Any]
Resolve = Callable[[JSON], JSONObject | None]
"""The resource that a Reference means; None where it is not there."""
Writer: TypeAlias = Callable[[JSON, Resolve], Tree | None]
_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,4})\d*)?(Z|[+-]\d\d:\d\d)?)?)?)?\Z", re.ASCII
)
_BCP_47 = "urn:ietf:bcp:47"
_KINDS = dict(LEVELS)


def string(value: JSON, _: Resolve) -> str | None:
    """Text and numbers as they are."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def text(value: JSON, resolve: Resolve) -> str | None:
    """Line breaks become those of formatted text."""
    found = string(value, resolve)
    return found.replace("\r\n", "\n").replace("\n", "\\.br\\") if found else None


def date_time(value: JSON, _: Resolve) -> str | None:
    """date, dateTime, instant → DTM, as exact as it is."""
    match = _DATE_TIME.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    *parts, fraction, offset = match.groups()
    zone = "+0000" if offset == "Z" else (offset or "").replace(":", "")
    return "".join(part or "" for part in parts) + (f".{fraction}" if fraction else "") + zone


def clock_time(value: JSON, _: Resolve) -> str | None:
    """time → TM."""
    return value.replace(":", "") if isinstance(value, str) else None


def boolean(value: JSON, _: Resolve) -> str | None:
    """boolean → table 0136."""
    return ("Y" if value else "N") if isinstance(value, bool) else None


def type_code(value: JSON, _: Resolve) -> str | None:
    """An identifier's type → its code in table 0203."""
    return next((str(each.get("code", "")) for each in _codings(value)), None)


def code(name: str) -> Writer:
    """code → the v2 code that a map has for it."""
    known = codes.code_map(name)
    return lambda value, _: known.backward.get(value) if isinstance(value, str) else None


def coding(name: str) -> Writer:
    """Coding → the v2 code that a map has for it, or its own where it is of the map's table."""
    known = codes.code_map(name)

    def write(value: JSON, _: Resolve) -> str | None:
        found = value if isinstance(value, dict) else {}
        if found.get("system") == codes.hl7_table(known.table):
            return str(found.get("code", ""))
        return known.backward.get(found.get("code", ""))

    return write


def concept(name: str = "") -> Writer:
    """CodeableConcept → CWE: what was sent, when it is still there, before what our maps made of it."""
    known = codes.code_map(name) if name and not name.isdecimal() else None
    table = codes.hl7_table(known.table if known else name) if name else ""

    def write(value: JSON, _: Resolve) -> Tree | None:
        found = _codings(value)
        tables = {each["system"] for each in found if codes.is_table(each.get("system", ""))}
        if table and tables and table not in tables:
            return None
        own = [each for each in found if table and each.get("system") == table]
        others = [each for each in found if each not in own and not _is_ours(each, own, known)]
        if known and not own and others and (sent := known.backward.get(others[0].get("code", ""))):
            own = [{"system": table, "code": sent}]
        return _cwe([*own, *others], str(value.get("text", "")) if isinstance(value, dict) else "", table)

    return write


def interpretation(value: JSON, _: Resolve) -> Tree | None:
    """OBX-8: the code alone."""
    return next((str(each.get("code", "")) for each in _codings(value)), None)


def language(value: JSON, _: Resolve) -> Tree | None:
    """A language: what was sent, else its BCP 47 code."""
    found = _codings(value)
    sent = [each for each in found if each.get("system") != _BCP_47] or found
    return _cwe(sent, str(value.get("text", "")) if isinstance(value, dict) else "", "")


def table_coding(_: str) -> Writer:
    """Coding → its code."""
    return lambda value, _: str(value.get("code", "")) if isinstance(value, dict) else None


def issuer(value: JSON, _: Resolve) -> Tree | None:
    """An Identifier's system and assigner → HD."""
    found = value if isinstance(value, dict) else {}
    name = found.get("assigner", {}).get("display", "")
    number, kind = codes.universal_id(found["system"]) if found.get("system") else ("", "")
    return {1: name, 2: number, 3: kind} if name or number else None


def entity_issuer(value: JSON, resolve: Resolve) -> Tree | None:
    """An Identifier's system and assigner → EI-2 … EI-4."""
    found = issuer(value, resolve)
    return {number + 1: part for number, part in found.items()} if isinstance(found, dict) else None


def contact_point(use: str) -> Writer:
    """ContactPoint → XTN; what is for work is not for home."""

    def write(value: JSON, _: Resolve) -> Tree | None:
        found = value if isinstance(value, dict) else {}
        if (found.get("use") == "work") != (use == "work") or not found.get("value"):
            return None
        system = found.get("system", "phone")
        if system in ("email", "url"):
            return {2: "NET", 3: "Internet", 4: found["value"]}
        mobile = found.get("use") == "mobile"
        kind = "CP" if mobile else codes.code_map("TelecommunicationEquipment").backward.get(system, "PH")
        usage = codes.code_map("TelecommunicationUse").backward.get(found.get("use", ""), "")
        return {1: found["value"], 2: "PRN" if mobile else usage, 3: kind}

    return write


def location(_: str) -> Writer:
    """Reference to a Location → PL: the names of the chain that it is the narrowest of, else its display."""

    def write(value: JSON, resolve: Resolve) -> Tree | None:
        numbers, found, place = {kind: number for number, kind in _KINDS.items()}, dict[int, Tree](), resolve(value)
        while place is not None and len(found) < len(numbers):
            kind = next((each.get("code", "") for each in _codings(place.get("physicalType"))), "")
            number = numbers.get(kind, 9)
            if number in found:
                break
            found[number] = str(place.get("name", ""))
            place = resolve(place.get("partOf"))
        display = value.get("display", "") if isinstance(value, dict) else ""
        return found or ({9: display} if display else None)

    return write


def quantity(_: str) -> Writer:
    """Quantity → CQ."""

    def write(value: JSON, _: Resolve) -> Tree | None:
        if not isinstance(value, dict) or "value" not in value:
            return None
        return {1: str(value["value"]), 2: _unit(value)}

    return write


def units(value: JSONObject) -> Tree:
    """A Quantity's unit → CWE."""
    unit = _unit(value)
    return {number: part for number, part in unit.items() if part} if isinstance(unit, dict) else unit


def minutes_between(start: JSON, end: JSON) -> str:
    """The minutes from one dateTime to another; "" where either has no time."""
    try:
        length = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    except (ValueError, TypeError):
        return ""
    return str(round(length.total_seconds() / 60))


def decoded(data: JSON) -> str | None:
    """The text of a base64Binary; None for one that is not UTF-8."""
    try:
        return base64.b64decode(str(data), validate=True).decode()
    except ValueError:
        return None


def _unit(value: JSONObject) -> Tree:
    code, name, system = value.get("code", ""), value.get("unit", ""), value.get("system", "")
    return {1: code or name, 2: name, 3: codes.system_name(system) if system else ""}


def _codings(value: JSON) -> list[JSONObject]:
    found = value.get("coding", []) if isinstance(value, dict) else []
    return [each for each in found if isinstance(each, dict)]


def _is_ours(coding: JSONObject, own: list[JSONObject], known: codes.CodeMap | None) -> bool:
    """Whether a coding is what a map made of one that is there as it was sent."""
    if known is None:
        return False
    made = [known.coding(str(each.get("code", ""))) for each in own]
    return any(each and each["code"] == coding.get("code") and each["system"] == coding.get("system") for each in made)


def _cwe(found: list[JSONObject], said: str, table: str) -> Tree | None:
    """A code of the field's own table stands alone; one without a system is a local one."""
    tree: dict[int, Tree] = {}
    for first, version, each in zip((1, 4), (7, 8), found, strict=False):
        system = codes.system_name(each["system"]) if each.get("system") else "L" if table or first > 1 else ""
        if first == 1 and each.get("system") == table and "display" not in each and len(found) == 1:
            system = ""
        parts = (each.get("code", ""), each.get("display", ""), system)
        tree |= {first + step: part for step, part in enumerate(parts) if part}
        tree |= {version: each["version"]} if "version" in each else {}
    if said and said not in (tree.get(2), tree.get(5)):
        tree[9 if found else 2] = said
    return tree or None


PLAIN: Mapping[str, Writer] = {
    "string": string,
    "text": text,
    "words": string,
    "street": string,
    "surname": string,
    "dateTime": date_time,
    "instant": date_time,
    "birthTime": date_time,
    "date": date_time,
    "time": clock_time,
    "decimal": string,
    "integer": string,
    "positive": string,
    "boolean": boolean,
    "concept": concept(),
    "language": language,
    "interpretation": interpretation,
    "type": type_code,
    "issuer": issuer,
    "entityIssuer": entity_issuer,
}
NAMED: Mapping[str, Callable[[str], Writer]] = {
    "code": code,
    "code?": code,
    "coding": coding,
    "concept": concept,
    "tableCoding": table_coding,
    "XTN": contact_point,
    "PL": location,
    "CQ": quantity,
}
