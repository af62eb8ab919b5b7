"""The data types that a table of components cannot describe: telecommunication, places, references, durations."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from penstock.json import JSON, JSONObject
from penstock_healthcare.hl7 import BadValue, parse_number
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.primitives import Reader, date_time, exact
from penstock_healthcare.mapping.run import Run, cleaned, resource_id
from penstock_healthcare.mapping.tables import Table

Readers = Callable[[str], Reader]
ReadPart = Callable[[Table, Part, Run], JSONObject | None]
LEVELS = ((4, "si"), (7, "bu"), (8, "lvl"), (1, "wa"), (2, "ro"), (3, "bd"))
"""PL's components from the widest to the narrowest (site … bed), as physical types of a Location."""
_RANK = re.compile(r"[1-9]\d{0,4}\Z", re.ASCII)
_SHOWN = (4, 1, 2, 3)
_PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_MINUTES: Mapping[str, float] = {"": 1, "MIN": 1, "M": 1, "S": 1 / 60, "SEC": 1 / 60, "H": 60, "HR": 60, "D": 1440}


def contact_point(default_use: str, _: Readers) -> Reader:
    """XTN → ContactPoint: the number as one text, or built of its parts."""

    def read(part: Part, run: Run) -> JSONObject | None:
        value = part.text(4) or part.text(12) or part.text(1) or _number(part)
        if not value:
            return None
        kind = part.text(3) or ("Internet" if part.text(4) else "PH")
        use = "mobile" if kind == "CP" else codes.code_map("TelecommunicationUse").codes.get(part.text(2), ("",))[0]
        system = codes.code_map("TelecommunicationEquipment").codes.get(kind.upper(), ("other",))[0]
        period = cleaned(start=date_time(part[13], run), end=date_time(part[14], run))
        rank = int(part.text(18)) if _RANK.match(part.text(18)) else None
        return cleaned(system=system, value=value, use=use or default_use, period=period, rank=rank)

    return read


def reference(table: Table, read: ReadPart) -> Reader:
    """A data type that describes a resource (XCN, XON …) → a Reference to it; the resource itself is mentioned."""

    def convert(part: Part, run: Run) -> JSONObject | None:
        resource = read(table, part, run)
        if resource is None:
            return None
        number: JSONObject = next(iter(resource.get("identifier", [])), {})
        if number and "value" not in number:
            del resource["identifier"]
            number = {}
        display = resource.get("name", "") if table.resource == "Organization" else _shown(resource)
        if not display and not number:
            return None
        key = (number.get("system") or run.sender, number["value"]) if number else (run.sender, display)
        found = resource_id(table.resource, *key)
        run.mention({"resourceType": table.resource, "id": found, **resource})
        plain = {name: part for name, part in number.items() if name != "type"}
        return cleaned(reference=f"{table.resource}/{found}", type=table.resource, identifier=plain, display=display)

    return convert


def location(_: str, __: Readers) -> Reader:
    """PL → Reference to the narrowest Location of a chain: bed, room, ward, level, building, site."""

    def read(part: Part, run: Run) -> JSONObject | None:
        display = " ".join(text for number in _SHOWN if (text := part.text(number))) or part.text(9)
        if not display:
            return None
        outer, path = None, [run.sender]
        for number, kind in LEVELS:
            if name := part.text(number):
                path.append(f"{kind}={name}")
                outer = _level(name, kind, path, outer, part[number], run)
        outer = outer or _level(display, "", [run.sender, display], None, part[9], run)
        return {"reference": outer["reference"], "type": "Location", "display": display}

    return read


def _level(name: str, kind: str, path: list[str], outer: JSONObject | None, part: Part, run: Run) -> JSONObject:
    found = resource_id("Location", *path)
    system = codes.authority(part.text(2)) if part.text(2) else None
    run.mention(
        cleaned(
            resourceType="Location",
            id=found,
            identifier=[cleaned(system=system, value=name)],
            name=name,
            mode="instance",
            physicalType={"coding": [{"system": _PHYSICAL, "code": kind}]} if kind else None,
            partOf=outer,
        )
    )
    return {"reference": f"Location/{found}", "type": "Location", "display": name}


def later(part: Part, amount: str, unit: str, run: Run) -> str | None:
    """DTM → the time that many minutes, hours … after it. Raises BadValue."""
    start, length = date_time(part, run), minutes(amount, unit)
    if start is None or length is None or "T" not in start:
        return None
    try:
        return (datetime.fromisoformat(start) + timedelta(minutes=length)).isoformat()
    except OverflowError:
        raise BadValue("NM", "a duration that ends in our time") from None


def minutes(amount: str, unit: str) -> float | None:
    """A duration in minutes; None for an unknown unit. Raises BadValue."""
    if not amount or unit.upper() not in _MINUTES:
        return None
    return float(parse_number(amount)) * _MINUTES[unit.upper()]


def quantity(_: str, __: Readers) -> Reader:
    """CQ → Quantity: the amount, and its unit's name or code in subcomponents."""

    def read(part: Part, _: Run) -> JSONObject | None:
        if not part.text(1):
            return None
        inside = part[2]
        uri, name = codes.system(inside.text(3)), inside.text(2) or inside.text(1)
        code = inside.text(1) if uri else None
        return cleaned(value=exact(part.text(1)), unit=name, system=uri if code else None, code=code)

    return read


def _number(part: Part) -> str:
    country, area, local, extension = (part.text(number) for number in (5, 6, 7, 8))
    digits = " ".join(text for text in (f"+{country}" if country else "", area, local) if text)
    return f"{digits} ext. {extension}" if digits and extension else digits


def _shown(resource: JSONObject) -> str:
    """A person's name as one reads it."""
    name: JSON = next(iter(resource.get("name", [])), {})
    degrees = [each.get("code", {}).get("text", "") for each in resource.get("qualification", ())]
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", ""), *name.get("suffix", []), *degrees]
    return " ".join(part for part in parts if part)


SPECIAL: Mapping[str, Callable[[str, Readers], Reader]] = {
    "XTN": contact_point,
    "PL": location,
    "CQ": quantity,
}
