"""HL7's own npm package of R4, `hl7.fhir.r4.examples` → the artifact.

    python -m penstock_healthcare.fhir.definitions.build FOLDER [OUT]

FOLDER is the package's: among its examples are the specification's own bundles of definitions. OUT is where the reader
looks when left out.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from penstock.json import JSON, JSONObject, loads
from penstock_healthcare.fhir.definitions import artifact, slimming

FILES = (
    "Bundle-types.json",
    "Bundle-resources.json",
    "Bundle-profiles-others.json",
    "Bundle-extensions.json",
    "Bundle-valuesets.json",
    "Bundle-v3-valuesets.json",
    "Bundle-v2-valuesets.json",
    "Bundle-searchParams.json",
)
_KEPT: Mapping[str, tuple[str, Callable[[JSONObject], JSONObject]]] = {
    "StructureDefinition": ("structures", slimming.structure),
    "ValueSet": ("value_sets", slimming.value_set),
    "CodeSystem": ("code_systems", slimming.code_system),
}


def sections(folder: Path) -> dict[str, dict[str, JSON]]:
    """What the artifact holds. Raises OSError, ValueError."""
    found: dict[str, dict[str, JSON]] = {section: {} for section, _ in _KEPT.values()}
    searches: list[JSONObject] = []
    for resource in _resources(folder):
        kind = resource["resourceType"]
        if kind == "SearchParameter":
            searches.append(slimming.search_parameter(resource))
        elif kind in _KEPT:
            section, slim = _KEPT[kind]
            found[section].setdefault(resource["url"], slim(resource))
    found["search_parameters"] = {
        base: [each for each in searches if base in each["base"]] for base in _bases(searches)
    }
    return found


def _bases(searches: list[JSONObject]) -> list[str]:
    return sorted({base for each in searches for base in each["base"]})


def _resources(folder: Path) -> Iterator[JSONObject]:
    for file in FILES:
        for entry in loads((folder / file).read_bytes())["entry"]:
            resource = entry["resource"]
            if resource.get("fhirVersion", slimming.FHIR_VERSION) == slimming.FHIR_VERSION:
                yield resource


def main(arguments: list[str]) -> int:
    """Build it; exit code 2 when the folder does not hold the definitions."""
    try:
        folder, out = Path(arguments[0]), Path(arguments[1]) if len(arguments) > 1 else artifact.FILE
        packed = artifact.pack(sections(folder))
    except (IndexError, OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"no definitions of FHIR R4 there: {type(error).__name__}: {error}\n")
        return 2
    scratch = out.with_suffix(".tmp")
    scratch.write_bytes(packed)
    scratch.replace(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
