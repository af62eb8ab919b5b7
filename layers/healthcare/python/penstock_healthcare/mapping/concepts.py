"""Coded HL7 data types → code, Coding and CodeableConcept: what a type column names, with its code map or table."""

import re
from collections.abc import Callable, Mapping

from penstock.json import JSONObject
from penstock_healthcare.mapping import codes
from penstock_healthcare.mapping.part import Part
from penstock_healthcare.mapping.primitives import Reader
from penstock_healthcare.mapping.run import Run, cleaned

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?\Z")
_BCP_47 = "urn:ietf:bcp:47"


def code(name: str) -> Reader:
    """ID, IS, CWE → code, by a map. A code that FHIR does not have is noted; the original is kept beside."""
    known = codes.code_map(name)

    def read(part: Part, run: Run) -> str | None:
        value = part.value
        if not value:
            return None
        found = known.codes.get(value.upper())
        if known.loses(value):
            run.original = _original(value, known.table)
        if found is None:
            run.note(run.at, "code-unknown", f"kept as it was sent: table {known.table or name} maps no such code")
            return None
        return found[0]

    return read


def code_if_known(name: str) -> Reader:
    """As `code`, for a field that another line reads too: what this map does not have says nothing."""
    known = codes.code_map(name)
    return lambda part, _: known.codes.get(part.value.upper(), (None,))[0]


def coding(name: str) -> Reader:
    """ID, IS, CWE → Coding, by a map; a code that the map does not have keeps its table."""
    known = codes.code_map(name)

    def read(part: Part, run: Run) -> JSONObject | None:
        value = part.value
        if not value:
            return None
        if known.coding(value) is None:
            run.note(run.at, "code-unknown", f"kept with its own table: table {known.table or name} maps no such code")
        return known.coding(value) or _table_coding(value, known.table)

    return read


def concept(name: str = "") -> Reader:
    """CWE, CE, IS, ID → CodeableConcept: what the map has for the code, then every coding that was sent, and the text.

    `name` is a map, or the four digits of the HL7 table that a code without a system is of.
    """
    known = codes.code_map(name) if name and not name.isdecimal() else None
    table = known.table if known else name

    def read(part: Part, _: Run) -> JSONObject | None:
        sent = [_coding(part, first, version, table) for first, version in ((1, 7), (4, 8))]
        mapped = known.coding(part.value) if known and part.value else None
        codings = [found for found in (mapped, *sent) if found]
        if mapped and sent[0] and mapped.items() >= {k: sent[0].get(k) for k in ("system", "code")}.items():
            codings.remove(sent[0])
        said = part.text(9) or part.text(2) or part.text(5)
        return cleaned(coding=codings, text=said) or None

    return read


def language(part: Part, run: Run) -> JSONObject | None:
    """CWE → CodeableConcept of a language: FHIR wants a BCP 47 code, beside what was sent."""
    found: JSONObject | None = _any_concept(part, run)
    known = codes.code_map("Language")
    for code in (part.text(1), part.text(4)):
        coded = known.codes.get(code.upper(), (code,))[0]
        if found and _LANGUAGE.match(coded):
            bcp = {"system": _BCP_47, "code": coded}
            others = [
                each for each in found.get("coding", []) if (each.get("system"), each["code"]) != (_BCP_47, coded)
            ]
            return {**found, "coding": [bcp, *others]}
    if found and "coding" in found:
        run.note(run.at, "code-unknown", "kept as text: no code of a language")
        return {"text": found.get("text") or found["coding"][0]["code"]}
    return found


def category(name: str) -> Reader:
    """ID → CodeableConcept, by a map alone."""
    known = codes.code_map(name)

    def read(part: Part, _: Run) -> JSONObject | None:
        found = known.coding(part.value)
        return {"coding": [found]} if found else None

    return read


def table_coding(table: str) -> Reader:
    """CWE → Coding of an HL7 table."""

    def read(part: Part, _: Run) -> JSONObject | None:
        return _table_coding(part.value, table) if part.value else None

    return read


def interpretation(part: Part, run: Run) -> JSONObject | None:
    """OBX-8, table 0078: FHIR's code system, which has taken over most of the table's codes."""
    known = codes.code_map("Interpretation")
    if found := known.coding(part.value):
        return {"coding": [found]}
    kept: JSONObject | None = _flag(part, run)
    return kept


def _coding(part: Part, first: int, version: int, table: str) -> JSONObject | None:
    value, display, system = (" ".join(part.text(first + step).split()) for step in range(3))
    if not value:
        return None
    if not system and table and first == 1:
        return cleaned(system=codes.hl7_table(table), code=value, display=display)
    return cleaned(system=codes.system(system), version=part.text(version), code=value, display=display)


def _table_coding(value: str, table: str) -> JSONObject:
    return cleaned(system=codes.hl7_table(table) if table else None, code=" ".join(value.split()))


def _original(value: str, table: str) -> JSONObject:
    return {"coding": [_table_coding(value, table)]}


_any_concept, _flag = concept(), concept("0078")
PLAIN: Mapping[str, Reader] = {
    "concept": _any_concept,
    "language": language,
    "interpretation": interpretation,
}
NAMED: Mapping[str, Callable[[str], Reader]] = {
    "code": code,
    "code?": code_if_known,
    "coding": coding,
    "concept": concept,
    "category": category,
    "tableCoding": table_coding,
}
