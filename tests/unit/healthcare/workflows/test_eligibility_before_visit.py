"""The sample workflow `healthcare.eligibility_before_visit`, every branch, against a payer that is a real server."""

from datetime import timedelta

import pytest

from penstock.workflows.execution.state import Status
from penstock_healthcare.x12 import check, parse
from tests.unit.healthcare.workflows.payers import EVENTS, Clinic, answering, edi, forever, question
from tests.unit.platform.nodes.http_server import Server


def message(name: str) -> str:
    return (EVENTS / "messages" / f"x12_{name}.x12").read_text()


@pytest.fixture
def clinic(payer: Server) -> Clinic:
    return Clinic("eligibility_before_visit", payer)


def test_a_covered_visit_is_confirmed_with_what_the_patient_pays(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("271_active"), question(asked)))
    execution = clinic.start()
    assert execution.status is Status.DONE, execution.error
    [(event, data)] = clinic.emitted()
    assert (event, data["visit_id"], data["plan"]) == ("eligibility.confirmed", "V-1001", "SILVER FAMILY PPO")
    assert {each["code"]: each["is_covered"] for each in data["services"]}["98"] is True
    assert ("copay", "25.00") in {(each["kind"], each["amount"]) for each in data["amounts"]}
    assert all("notes" not in each for each in data["amounts"])


def test_the_payer_is_sent_a_clean_270_once_with_a_key(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("271_active"), question(asked)))
    clinic.start()
    [asked] = payer.asked
    sent = parse(question(asked))
    [(_, data)] = clinic.emitted()
    assert check(sent) == []
    assert f"TRN*1*{data['trace']}*" in question(asked)
    assert (asked.headers["content-type"], bool(asked.headers["idempotency-key"])) == ("application/edi-x12", True)


@pytest.mark.parametrize(
    ("approved", "event"), [(True, "eligibility.accepted_by_front_desk"), (False, "eligibility.visit_put_off")]
)
def test_the_front_desk_decides_on_a_visit_that_is_not_covered(
    clinic: Clinic, payer: Server, approved: bool, event: str
) -> None:
    payer.answer = lambda asked: edi(answering(message("271_inactive_dependent"), question(asked)))
    waiting = clinic.start()
    assert (waiting.status, clinic.emitted()) == (Status.WAITING, [])
    assert "does not confirm visit V-1001: the plan as a whole: inactive" in clinic.asked_by(waiting)
    assert "LINDQVIST" not in clinic.asked_by(waiting)
    decision = {"approved": approved, "by": "desk", "comment": "card shown"}
    assert clinic.answer(waiting, decision).status is Status.DONE
    [(told, data)] = clinic.emitted()
    assert (told, data["decision"]) == (event, decision)


def test_a_service_that_the_payer_did_not_speak_of_goes_to_the_front_desk(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("271_active"), question(asked)))
    waiting = clinic.start(inquiry={**clinic.item["inquiry"], "service_types": ["AL"]})
    assert "vision: the payer did not say" in clinic.asked_by(waiting)


def test_nobody_decides_for_two_days(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("271_inactive_dependent"), question(asked)))
    waiting = clinic.start()
    clinic.now += timedelta(hours=47, minutes=59)
    assert clinic.engine.resume(waiting.id, forever).status is Status.WAITING
    clinic.now += timedelta(minutes=2)
    assert clinic.engine.resume(waiting.id, forever).status is Status.DONE
    assert [event for event, _ in clinic.emitted()] == ["eligibility.undecided"]


def test_what_the_payer_refuses_says_what_to_do(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("271_rejected"), question(asked)))
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["codes"]) == ("eligibility.question_refused", ["72", "58"])
    assert "correct the request and send it again" in data["reasons"][0]


def test_a_question_that_the_payer_did_not_take_is_refused(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda asked: edi(answering(message("999_rejected"), question(asked)))
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert event == "eligibility.question_refused"
    assert "NM1-09 at 8: a required element is missing" in data["reasons"][0]


def test_a_payer_that_says_no_is_not_asked_again(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi("OKAFOR", 403)
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["error"]["type"], len(payer.asked)) == ("eligibility.not_answered", "HTTP 403", 1)
    assert "OKAFOR" not in str(data)


def test_a_payer_that_is_down_is_asked_four_times_with_the_same_question(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi("", 503)
    assert clinic.waited_out(clinic.start()).status is Status.DONE
    assert [event for event, _ in clinic.emitted()] == ["eligibility.not_answered"]
    assert (len(payer.asked), len({question(asked) for asked in payer.asked})) == (4, 1)


def test_an_answer_that_is_none_is_told(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi("OKAFOR")
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["error"]["type"]) == ("eligibility.not_answered", "NoAnswer")


def test_a_visit_without_a_member_id_fails_with_the_field(clinic: Clinic, payer: Server) -> None:
    execution = clinic.start(inquiry={**clinic.item["inquiry"], "subscriber": {"family": "Okafor"}})
    assert execution.status is Status.FAILED
    assert execution.error
    assert "inquiry.subscriber.member_id" in execution.error["message"]
    assert payer.asked == []


def test_an_answer_to_another_question_confirms_nothing(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi(message("271_active"))
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["error"]["type"]) == ("eligibility.not_answered", "OtherTrace")
