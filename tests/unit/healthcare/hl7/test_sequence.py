"""The order of segments, against message structures."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_healthcare.hl7.sequence import check_sequence
from penstock_healthcare.hl7.standard import VERSIONS, Slot, structure


def found(name: str, version: str, segments: str) -> list[tuple[str, str]]:
    slot = structure(name, version)
    assert slot is not None
    return [(each.path, each.rule) for each in check_sequence(slot, segments.split(), is_open=False)]


@pytest.mark.parametrize(
    ("name", "version", "segments"),
    [
        ("ORU_R01", "2.5.1", "MSH PID PV1 ORC OBR NTE OBX NTE OBX SPM OBX ORC OBR OBX PID OBR OBX"),
        ("ORU_R01", "2.5.1", "MSH OBR"),
        ("ORU_R01", "2.3", "MSH PID OBR NTE OBX NTE OBX OBR OBX DSC"),
        ("ADT_A01", "2.5.1", "MSH EVN PID PD1 NK1 NK1 PV1 PV2 OBX AL1 DG1 PR1 ROL PR1 GT1 IN1 IN2 IN3 IN1 ZPI"),
        ("ADT_A39", "2.5.1", "MSH EVN PID MRG PID PD1 MRG PV1"),
        ("OMG_O19", "2.5.1", "MSH PID PV1 ORC OBR DG1 ORC OBR NTE DG1 OBX ORC OBR"),
        ("OMG_O19", "2.5.1", "MSH PID ORC OBR PID PD1 ORC OBR OBX ORC OBR OBX"),
        ("OML_O21", "2.5.1", "MSH PID ORC OBR SPM SAC ORC TQ1 OBR OBX SPM"),
        ("MDM_T02", "2.5.1", "MSH EVN PID PV1 TXA OBX OBX"),
        ("SIU_S12", "2.5.1", "MSH SCH PID PV1 RGS AIS NTE AIL AIP RGS AIS"),
        ("VXU_V04", "2.5.1", "MSH PID PD1 NK1 ORC RXA RXR OBX OBX ORC RXA"),
        ("RDE_O11", "2.5.1", "MSH PID AL1 ORC RXO RXR RXE TQ1 RXR ORC RXE TQ1 RXR"),
        ("DFT_P03", "2.5.1", "MSH EVN PID PV1 FT1 FT1 DG1 IN1"),
    ],
)
def test_what_follows_the_structure_has_no_findings(name: str, version: str, segments: str) -> None:
    assert found(name, version, segments) == []


@pytest.mark.parametrize(
    ("name", "segments", "expected"),
    [
        ("ORU_R01", "MSH PID ORC OBX ORC OBX", [("OBR", "segment-required")] * 2),
        ("ORU_R01", "MSH", [("OBR", "segment-required")]),
        ("ADT_A01", "MSH EVN PID NK1 OBX", [("PV1", "segment-required")]),
        ("ADT_A01", "MSH PID EVN PV1", [("EVN", "segment-order")]),
        ("ADT_A01", "MSH EVN PID PV1 OBR", [("OBR", "segment-unexpected")]),
        ("ADT_A01", "MSH EVN PID PV1 PV1", [("PV1[1]", "segment-repeats")]),
        ("ADT_A01", "MSH EVN PID PV1 IN1 PR1", [("PR1", "segment-order")]),
        ("SIU_S12", "MSH SCH RGS AIP AIL", [("AIL", "segment-order")]),
        ("MDM_T02", "MSH EVN PID PV1 TXA", [("OBX", "segment-required")]),
    ],
)
def test_each_departure_is_told_once_at_its_segment(name: str, segments: str, expected: list[tuple[str, str]]) -> None:
    assert found(name, "2.5.1", segments) == expected


def test_a_newer_version_may_have_segments_that_are_not_known_yet() -> None:
    slot = structure("ADT_A01", "2.8.2")
    assert slot is not None
    assert check_sequence(slot, ["MSH", "EVN", "PID", "GSP", "PV1"], is_open=True) == []


def test_a_structure_grows_with_the_versions() -> None:
    for version in VERSIONS:
        slot = structure("ADT_A01", version)
        assert slot is not None
        assert "PID" in slot.holds
        assert ("PDA" in slot.holds) == (version >= "2.4")


def flat(slot: Slot) -> list[str]:
    """The least that the structure asks for."""
    parts = slot.parts[:1] if slot.choice else slot.parts
    names: list[str] = []
    for part in parts:
        if part.required or slot.choice:
            names += flat(part) if part.parts else [part.name]
    return names


@pytest.mark.parametrize(
    "name", ["ADT_A01", "ADT_A39", "ORU_R01", "ORM_O01", "OMG_O19", "OML_O21", "MDM_T02", "SIU_S12"]
)
def test_the_least_that_a_structure_asks_for_is_enough(name: str) -> None:
    for version in VERSIONS:
        slot = structure(name, version)
        if slot is not None:
            assert found(name, version, " ".join(flat(slot))) == []


SEGMENTS = st.sampled_from(
    ["MSH", "EVN", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "IN1", "PR1", "ROL", "ZZZ", "QQQ"]
)


@settings(max_examples=200)
@given(names=st.lists(SEGMENTS, max_size=40), name=st.sampled_from(["ORU_R01", "ADT_A01", "OML_O21", "OMG_O19"]))
def test_any_order_of_segments_is_judged(names: list[str], name: str) -> None:
    slot = structure(name, "2.7")
    assert slot is not None
    findings = check_sequence(slot, ["MSH", *names], is_open=False)
    assert all(each.path and each.severity in ("error", "warning") for each in findings)


@pytest.mark.parametrize("segments", ["OBX", "ORC", "PID ORC", "QQQ", "SPM OBX NTE", "NTE OBR"])
def test_long_messages_are_judged_in_linear_time(segments: str) -> None:
    slot = structure("OML_O21", "2.8.2")
    assert slot is not None
    names = segments.split() * (50_000 // len(segments.split()))
    began = time.perf_counter()
    check_sequence(slot, ["MSH", *names], is_open=False)
    assert time.perf_counter() - began < 10
