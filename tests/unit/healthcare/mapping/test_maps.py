"""The map files: each is read, names types and maps that there are, and is used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock_healthcare.mapping import codes, messages, notation, tables
from penstock_healthcare.mapping.identity import KEYS
from penstock_healthcare.mapping.messages import Node, Rule
from penstock_healthcare.mapping.reading import reader
from penstock_healthcare.mapping.segments import WHOLE

SEGMENTS = sorted(file.stem for file in (tables.MAPS / "segments").glob("*.map"))
DATATYPES = sorted(file.stem for file in (tables.MAPS / "datatypes").glob("*.map"))
MESSAGES = sorted(file.stem for file in messages.FOLDER.glob("*.map") if file.stem != "message")
CODES = sorted(file.stem for file in codes.FOLDER.glob("*.map") if file.stem not in ("systems", "authorities"))


def rules(node: Node) -> Iterator[Rule]:
    for found in node.rules.values():
        yield from found
    for group in node.groups:
        yield from rules(group)


@pytest.mark.parametrize("name", SEGMENTS)
def test_a_segment_map_names_types_that_there_are(name: str) -> None:
    for line in tables.segment(name).lines:
        assert line.type in WHOLE or line.type.startswith("plus:") or not line.type or callable(reader(line.type))


@pytest.mark.parametrize("name", DATATYPES)
def test_a_data_type_map_names_types_that_there_are(name: str) -> None:
    table = tables.datatype(name)
    assert table is not None
    assert all(not line.type or callable(reader(line.type)) for line in table.lines)


@pytest.mark.parametrize("name", CODES)
def test_every_code_of_a_map_leads_back_to_one_that_means_it(name: str) -> None:
    found = codes.code_map(name)
    assert found.codes
    for code, (fhir, _, _) in found.codes.items():
        assert found.codes[found.backward[fhir].upper()][0] == fhir, code


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_map_names_segment_maps_and_keys_that_there_are(name: str) -> None:
    found = list(rules(messages.message(name)))
    assert found
    for rule in found:
        assert tables.segment(rule.table).lines or tables.segment(rule.table).known
        assert all(part[1:] in KEYS for part in rule.key if part.startswith("@"))


def test_every_segment_map_is_used() -> None:
    used = {rule.table for name in MESSAGES for rule in rules(messages.message(name))}
    assert used == set(SEGMENTS)


def test_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(LookupError, match="XYZ"):
        reader("XYZ")


@pytest.mark.parametrize("line", ["8  gender", "PID  gender  string", "8  gender  string  when 9"])
def test_a_line_that_cannot_be_read_is_told_with_its_file(tmp_path: Path, line: str) -> None:
    file = tmp_path / "PID.Patient.map"
    file.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises((ValueError, IndexError)):
        tables._table(file)


def test_a_target_tells_its_steps_and_whether_it_repeats() -> None:
    assert notation.target("reaction[0].manifestation[]") == (("reaction", 0, "manifestation"), True)
    assert notation.target("period.start") == (("period", "start"), False)


def test_a_template_has_its_place_and_its_systems_in_full() -> None:
    found = notation.template('{"system": "tx:v2-0203", "value": $}')
    assert found == {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "value": "$"}
