"""healthcare.order_to_result, end to end, every branch."""

from typing import Any

import pytest

from tests.unit.healthcare.workflows.ward import Ward, done

CODE = {"system": "http://loinc.org", "code": "2823-3", "text": "Potassium"}
ORDER = {"patient": "Patient/p", "requester": "Practitioner/d", "code": CODE}


@pytest.fixture
def ward() -> Ward:
    return Ward("order_to_result")


def result(value: str, interpretation: str = "") -> dict[str, Any]:
    return {"observations": [{"code": CODE, "value": value, "unit": "mmol/L", "interpretation": interpretation}]}


@pytest.mark.parametrize(("flag", "level"), [("N", "normal"), ("H", "abnormal")])
def test_a_result_closes_its_order_and_is_filed(ward: Ward, flag: str, level: str) -> None:
    assert done(ward.answer(ward.start(ORDER), result("4.10", flag)))
    (placed, order), (filed, data) = ward.emitted()
    assert (placed, filed, data["level"]) == ("order.placed", "order.result.filed", level)
    assert ward.read(order["order"])["status"] == "completed"
    report = ward.read(data["report"])
    assert report["basedOn"] == [{"reference": order["order"]}]
    observation = ward.read(report["result"][0]["reference"])
    assert str(observation["valueQuantity"]["value"]) == "4.10"


def test_a_critical_result_waits_for_a_clinician(ward: Ward) -> None:
    execution = ward.answer(ward.start(ORDER), result("7.9", "HH"))
    assert ward.types() == ["order.placed"]
    assert done(ward.answer(execution, {"approved": True, "by": "dr.b"}))
    event, data = ward.emitted()[-1]
    assert (event, data["acknowledgement"]["by"]) == ("order.result.acknowledged", "dr.b")


@pytest.mark.parametrize("is_late", [True, False])
def test_a_critical_result_that_is_not_acknowledged_is_escalated(ward: Ward, is_late: bool) -> None:
    execution = ward.answer(ward.start(ORDER), result("7.9", "HH"))
    ended = ward.after(execution, minutes=61) if is_late else ward.answer(execution, {"approved": False})
    assert done(ended)
    assert ward.types() == ["order.placed", "order.result.escalated"]


@pytest.mark.parametrize(("priority", "early", "late"), [("stat", 3, 2), ("urgent", 3, 2), ("routine", 71, 2)])
def test_an_order_without_a_result_is_overdue_by_its_urgency(ward: Ward, priority: str, early: int, late: int) -> None:
    execution = ward.start({**ORDER, "priority": priority})
    assert not done(ward.after(execution, hours=early))
    assert done(ward.after(execution, hours=late))
    event, data = ward.emitted()[-1]
    assert (event, data["priority"]) == ("order.overdue", priority)
    assert ward.read(data["order"])["status"] == "active"


def test_a_result_that_makes_no_sense_is_refused_and_the_order_stays_open(ward: Ward) -> None:
    assert done(ward.answer(ward.start(ORDER), {"observations": [{"code": CODE, "value": "Okafor"}]}))
    event, data = ward.emitted()[-1]
    assert (event, data["error"]["type"]) == ("order.result.refused", "InvalidParameters")
    assert ward.nothing_emitted_holds("Okafor")
    assert ward.read(data["order"])["status"] == "active"
    assert ward.all("Observation") == []


def test_an_order_that_makes_no_sense_is_refused(ward: Ward) -> None:
    assert done(ward.start({**ORDER, "patient": "Okafor"}))
    [(event, data)] = ward.emitted()
    assert (event, data["error"]["type"]) == ("order.refused", "InvalidParameters")
    assert ward.nothing_emitted_holds("Okafor")
