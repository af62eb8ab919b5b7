"""FHIR R4's official definitions, slimmed at build time into one file that loads in milliseconds.

    build       `python -m penstock_healthcare.fhir.definitions.build FOLDER [OUT]`: npm's files → the artifact
    slimming    what of each definition is kept
    artifact    the file: an index, and one zstd frame a definition, read when first asked for
    registry    `Definitions`: structures, value sets, code systems by URL; search parameters; a caller's own too
    structures  StructureDefinition → a tree of `Element`s, also from a differential alone

`r4()` is the registry of FHIR R4 (4.0.1).
"""

from penstock_healthcare.fhir.definitions.registry import Definitions, r4

__all__ = ["Definitions", "r4"]
