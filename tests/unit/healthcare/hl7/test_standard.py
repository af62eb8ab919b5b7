"""The tables of the standard, by version."""

import pytest

from penstock_healthcare.hl7.standard import (
    VERSIONS,
    component_rules,
    field_rules,
    structure,
    structure_name,
    table,
    version,
)
from penstock_healthcare.hl7.standard.parts import _lines
from penstock_healthcare.hl7.standard.structures import _lines as structure_lines


def test_every_line_of_the_tables_can_be_read_in_every_version() -> None:
    for each in VERSIONS:
        assert sum(field_rules(name, each) is not None for name in _lines("fields.txt")) > 35
        assert sum(component_rules(name, each) is not None for name in _lines("components.txt")) > 5
        assert sum(structure(name, each) is not None for name in structure_lines()) > 30


@pytest.mark.parametrize(
    ("number", "name", "datatype", "required", "most", "longest", "code_table"),
    [
        (3, "2.1", "CK", True, 1, 16, ""),
        (3, "2.5.1", "CX", True, 0, 250, ""),
        (5, "2.3", "XPN", True, 1, 48, ""),
        (8, "2.2", "ID", False, 1, 1, "1"),
        (8, "2.5.1", "IS", False, 1, 1, "1"),
        (2, "2.7", "X", False, 1, 0, ""),
    ],
)
def test_a_field_of_pid_is_what_its_version_says(
    number: int, name: str, datatype: str, required: bool, most: int, longest: int, code_table: str
) -> None:
    rules = field_rules("PID", name)
    assert rules is not None
    rule = rules[number]
    assert rule is not None
    if datatype != "X":
        assert (rule.datatype, rule.required, rule.most, rule.longest, rule.table) == (
            datatype,
            required,
            most,
            longest,
            code_table,
        )
    else:
        assert rule.datatype == "X"


@pytest.mark.parametrize(
    ("code", "event", "stated", "in_version", "name"),
    [
        ("ADT", "A08", "", "2.3", "ADT_A01"),
        ("ADT", "A04", "ADT_A04", "2.5.1", "ADT_A01"),
        ("ADT", "A40", "ADT_A39", "2.5.1", "ADT_A39"),
        ("SIU", "S17", "", "2.4", "SIU_S12"),
        ("MDM", "T05", "", "2.5.1", "MDM_T01"),
        ("ORU", "R01", "", "2.1", "ORU_R01"),
        ("ACK", "A01", "ACK", "2.5.1", "ACK"),
        ("ACK", "", "", "2.3", "ACK"),
        ("ZZZ", "Z01", "", "2.5.1", ""),
    ],
)
def test_type_and_event_lead_to_a_structure(code: str, event: str, stated: str, in_version: str, name: str) -> None:
    assert structure_name(code, event, stated, in_version) == name


@pytest.mark.parametrize(
    ("text", "name", "stated", "is_open"),
    [
        ("2.3.1", "2.3.1", True, False),
        ("2.7.1", "2.7", True, False),
        ("2.9", "2.8.2", True, True),
        ("", "2.5.1", False, False),
        ("2.3.2", "2.3.1", False, False),
        ("v2.4", "2.4", False, False),
        ("2.10", "2.8.2", False, False),
        ("1.0", "2.5.1", False, False),
        ("two", "2.5.1", False, False),
    ],
)
def test_a_version_is_read_as_the_nearest_that_is_known(text: str, name: str, stated: bool, is_open: bool) -> None:
    known = version(text)
    assert (known.name, known.stated, known.open) == (name, stated, is_open)


def test_tables_hold_the_codes_of_all_versions_and_open_ones_are_left_out() -> None:
    assert {"F", "M", "U"} <= (table("1") or set())
    assert "CWE" in (table("125") or ())
    assert table("396") is None
    assert table("99999") is None
