"""What the standard says in each version: parts of segments and data types, message structures, code tables.

The tables beside this module are facts of 2.1 to 2.8.2, written by `layers/healthcare/hl7_definitions.py`:

    fields.txt, components.txt   a segment or data type a line, its parts in order; a part is the runs of versions in
                                 which it stays the same, `aST20!*#1/dCWE` = from 2.1 on an ST of up to 20 characters,
                                 required, repeating, of table 0001; from 2.3.1 on a CWE. X is withdrawn, - not there
    structures.txt               a structure from one version on: `PV1` comes once, `?` at most once, `*` any number of
                                 times, `+` at least once; `(NAME …)` is a group, `<NAME …>` one of its segments
    events.txt                   a structure and the events that use it (table 0354)
    tables.txt                   a table and every code that some version has in it

2.9 is read as 2.8.2 with more to come: what is beyond that is no finding.
"""

from penstock_healthcare.hl7.standard.codes import table
from penstock_healthcare.hl7.standard.parts import WITHDRAWN, Rule, Rules, component_rules, field_rules
from penstock_healthcare.hl7.standard.structures import Slot, structure, structure_name
from penstock_healthcare.hl7.standard.versions import VERSIONS, Version, version

__all__ = [
    "Rule",
    "Rules",
    "Slot",
    "VERSIONS",
    "Version",
    "WITHDRAWN",
    "component_rules",
    "field_rules",
    "structure",
    "structure_name",
    "table",
    "version",
]
