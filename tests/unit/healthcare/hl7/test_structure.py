"""Groups of segments, and a message as JSON."""

import json
from pathlib import Path

from penstock_healthcare.hl7 import group, observations, parse, to_json

MESSAGES = Path(__file__).parents[4] / "events" / "messages"
MSH = "MSH|^~\\&|LAB||||||ORU^R01|1|P|2.5.1\r"


def text(*segments: str) -> str:
    return MSH + "".join(f"{segment}\r" for segment in segments)


def test_observations_belong_to_their_order_and_notes_to_their_observation() -> None:
    message = parse((MESSAGES / "hl7v2_oru_r01_microbiology.hl7").read_bytes())
    culture, susceptibility = observations(message)
    assert culture.request is not None
    assert culture.request.universal_service_identifier.identifier.value == "630-4"
    assert culture.common is not None
    assert susceptibility.common is None
    assert [len(observation.notes) for observation in culture.observations] == [0, 0, 2]
    assert len(culture.notes) == len(culture.specimens) == 1
    assert [str(o.segment.observation_identifier) for o in susceptibility.observations] == [
        "18864-9",
        "18906-8",
        "18955-5",
        "18998-5",
    ]
    for order in (culture, susceptibility):
        assert order.patient is not None
        assert order.patient.patient_name.family_name.value == "Tamura"
        assert order.visit is not None


def test_each_patient_of_a_message_keeps_its_own_results() -> None:
    raw = text("PID|1||A", "OBR|1", "OBX|1", "PID|2||B", "OBR|1", "OBX|1", "OBX|2", "OBR|2", "OBX|1")
    orders = observations(parse(raw))
    assert [(str(o.patient[3]) if o.patient else "", len(o.observations)) for o in orders] == [
        ("A", 1),
        ("B", 2),
        ("B", 1),
    ]


def test_results_without_patient_or_order_are_still_there() -> None:
    (order,) = observations(parse(text("OBX|1|NM|||5", "NTE|1")))
    assert (order.patient, order.common, order.request) == (None, None, None)
    assert len(order.observations[0].notes) == 1


def test_an_order_with_a_common_segment_is_one_order() -> None:
    orders = observations(parse(text("PID|1", "ORC|RE", "OBR|1", "OBX|1", "ORC|RE", "OBR|2", "OBX|1")))
    assert [(bool(o.common), len(o.observations)) for o in orders] == [(True, 1), (True, 1)]


def test_specimen_observations_are_not_results_of_the_order() -> None:
    (order,) = observations(parse(text("PID|1", "OBR|1", "OBX|1", "SPM|1", "OBX|9")))
    assert [o.segment[1].value for o in order.observations] == ["1"]


def test_segments_without_a_place_stay_with_the_group_they_follow_and_none_is_lost() -> None:
    message = parse(text("PID|1", "ZPI|1", "OBR|1", "ZOR|1", "OBX|1", "ZOB|1", "FOO|1"))
    root = group(message)
    (observation,) = root.find("OBSERVATION")
    assert [segment.id for segment in observation.segments] == ["OBX", "ZOB", "FOO"]

    def count(found: object) -> int:
        return len(found.segments) + sum(map(count, found.groups))  # type: ignore[attr-defined]

    assert count(root) == len(message.segments())


def test_every_structure_of_the_standard_is_a_tree_whatever_its_event() -> None:
    raw = text("SCH|1", "PID|1", "PV1|1", "RGS|1", "AIS|1", "NTE|1", "AIL|1", "RGS|2", "AIS|1")
    root = group(parse(raw.replace("ORU^R01", "SIU^S17")))
    assert root.name == "SIU_S12"
    assert [[segment.id for segment in found.segments] for found in root.find("RESOURCES")] == [["RGS"], ["RGS"]]
    assert [len(list(found.find("SERVICE"))) for found in root.find("RESOURCES")] == [1, 1]


def test_a_message_of_an_old_version_has_the_groups_of_that_version() -> None:
    raw = text("EVN|A04", "PID|1", "PV1|1", "IN1|1", "IN1|2").replace("ORU^R01|1|P|2.5.1", "ADT^A04|1|P|2.2")
    root = group(parse(raw))
    assert root.name == "ADT_A01"
    assert len(list(root.find("INSURANCE"))) == 2


def test_an_unknown_structure_is_flat() -> None:
    root = group(parse(text("PID|1", "OBX|1")), "ZZZ_Z01")
    assert ([segment.id for segment in root.segments], root.groups) == (["MSH", "PID", "OBX"], [])


def test_json_has_one_shape_per_place_of_the_standard() -> None:
    message = parse(text('PID|1||7^^^H&1.2~8||D^J|""|1970', "OBX|1|NM|2823-3^K^LN||6.90|mmol/L", "ZXX|a|b^c~d"))
    assert to_json(message) == {
        "type": "ORU^R01",
        "structure": "ORU_R01",
        "control_id": "1",
        "version": "2.5.1",
        "segments": [{"id": name, "fields": fields} for name, fields in _fields().items()],
        "MSH": _fields()["MSH"],
        "PID": _fields()["PID"],
        "OBX": [_fields()["OBX"]],
        "ZXX": [_fields()["ZXX"]],
    }


def _fields() -> dict[str, dict[str, object]]:
    return {
        "MSH": {
            "1": "|",
            "2": "^~\\&",
            "3": {"1": "LAB"},
            "9": {"1": "ORU", "2": "R01"},
            "10": "1",
            "11": {"1": "P"},
            "12": {"1": "2.5.1"},
        },
        "PID": {
            "1": "1",
            "3": [{"1": "7", "4": {"1": "H", "2": "1.2"}}, {"1": "8"}],
            "5": [{"1": {"1": "D"}, "2": "J"}],
            "6": [None],
            "7": "1970",
        },
        "OBX": {
            "1": "1",
            "2": "NM",
            "3": {"1": "2823-3", "2": "K", "3": "LN"},
            "5": ["6.90"],
            "6": {"1": "mmol/L"},
        },
        "ZXX": {"1": "a", "2": [{"1": "b", "2": "c"}, "d"]},
    }


def test_json_of_every_sample_survives_serialisation() -> None:
    for path in sorted(MESSAGES.glob("hl7v2_*.hl7")):
        if "malformed" not in path.name:
            value = to_json(parse(path.read_bytes()))
            assert json.loads(json.dumps(value)) == value
