"""The sample workflow `healthcare.prior_authorization`, every branch, against a payer that is a real server."""

from datetime import timedelta

import pytest

from penstock.workflows.execution.state import Execution, Status
from penstock_healthcare.x12 import check, parse
from tests.unit.healthcare.workflows.payers import EVENTS, Clinic, answering, edi, forever, question
from tests.unit.platform.nodes.http_server import Server


def message(name: str) -> str:
    return (EVENTS / "messages" / f"x12_{name}.x12").read_text()


@pytest.fixture
def clinic(payer: Server) -> Clinic:
    return Clinic("prior_authorization", payer)


def started(clinic: Clinic, payer: Server, reply: str) -> Execution:
    """The workflow, whose payer replied with this sample."""
    payer.answer = lambda asked: edi(answering(message(reply), question(asked)))
    return clinic.start()


def later_answer(payer: Server, name: str) -> dict[str, str]:
    """What the payer sends when it has decided."""
    return {"x12": answering(message(name), question(payer.asked[0]))}


def test_an_approved_treatment_has_its_number(clinic: Clinic, payer: Server) -> None:
    execution = started(clinic, payer, "278_approved")
    assert execution.status is Status.DONE, execution.error
    [(event, data)] = clinic.emitted()
    assert (event, data["case_id"], data["number"]) == ("authorization.approved", "C-2001", "AUTH-20771")
    assert [each["code"] for each in data["services"]] == ["97110", "97140"]


def test_the_payer_is_sent_a_clean_278_once_with_a_key(clinic: Clinic, payer: Server) -> None:
    started(clinic, payer, "278_approved")
    [asked] = payer.asked
    [(_, data)] = clinic.emitted()
    assert check(parse(question(asked))) == []
    assert f"TRN*1*{data['trace']}*" in question(asked)
    assert asked.headers["idempotency-key"]


@pytest.mark.parametrize(
    ("approved", "event"), [(True, "authorization.appeal_decided"), (False, "authorization.denial_accepted")]
)
@pytest.mark.parametrize("reply", ["denied", "changed"])
def test_somebody_decides_whether_to_appeal(
    clinic: Clinic, payer: Server, reply: str, approved: bool, event: str
) -> None:
    waiting = started(clinic, payer, f"278_{reply}")
    assert (waiting.status, clinic.emitted()) == (Status.WAITING, [])
    assert "does not authorise case C-2001" in clinic.asked_by(waiting)
    assert "not certified (the payer's reason: 0V)" in clinic.asked_by(waiting)
    assert "OKAFOR" not in clinic.asked_by(waiting)
    decision = {"approved": approved, "by": "dr.harrington", "comment": "exercises were done"}
    assert clinic.answer(waiting, decision).status is Status.DONE
    [(told, data)] = clinic.emitted()
    assert (told, data["status"], data["decision"]) == (event, reply, decision)


def test_nobody_decides_on_an_appeal_for_five_days(clinic: Clinic, payer: Server) -> None:
    waiting = started(clinic, payer, "278_denied")
    clinic.now += timedelta(days=4, hours=23)
    assert clinic.engine.resume(waiting.id, forever).status is Status.WAITING
    clinic.now += timedelta(hours=2)
    assert clinic.engine.resume(waiting.id, forever).status is Status.DONE
    assert [event for event, _ in clinic.emitted()] == ["authorization.appeal_undecided"]


def test_a_pended_request_waits_for_the_payers_decision(clinic: Clinic, payer: Server) -> None:
    waiting = started(clinic, payer, "278_pended")
    assert waiting.status is Status.WAITING
    assert "case C-2001" in clinic.asked_by(waiting)
    clinic.now += timedelta(days=9)
    assert clinic.answer(waiting, later_answer(payer, "278_approved")).status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["number"]) == ("authorization.approved", "AUTH-20771")
    assert len(payer.asked) == 1


@pytest.mark.parametrize(
    ("later", "event"),
    [
        ("278_pended", "authorization.overdue"),
        ("278_rejected", "authorization.request_refused"),
        ("271_active", "authorization.not_answered"),
    ],
)
def test_a_later_answer_that_decides_nothing_is_told(clinic: Clinic, payer: Server, later: str, event: str) -> None:
    waiting = started(clinic, payer, "278_pended")
    assert clinic.answer(waiting, later_answer(payer, later)).status is Status.DONE
    assert [told for told, _ in clinic.emitted()] == [event]


@pytest.mark.parametrize("later", ["278_denied", "278_changed"])
def test_a_later_denial_goes_to_a_person_too(clinic: Clinic, payer: Server, later: str) -> None:
    waiting = clinic.answer(started(clinic, payer, "278_pended"), later_answer(payer, later))
    assert waiting.status is Status.WAITING
    assert clinic.answer(waiting, {"approved": True}).status is Status.DONE
    assert [event for event, _ in clinic.emitted()] == ["authorization.appeal_decided"]


def test_a_payer_that_does_not_decide_in_fourteen_days_is_overdue(clinic: Clinic, payer: Server) -> None:
    waiting = started(clinic, payer, "278_pended")
    clinic.now += timedelta(days=13, hours=23)
    assert clinic.engine.resume(waiting.id, forever).status is Status.WAITING
    clinic.now += timedelta(hours=2)
    assert clinic.engine.resume(waiting.id, forever).status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["reasons"]) == (
        "authorization.overdue",
        ["pending: the payer has not decided yet (the payer's reason: 0U)"],
    )


@pytest.mark.parametrize(
    ("reply", "codes", "reason"),
    [
        ("278_rejected", ["95"], "the patient is not eligible"),
        ("999_rejected", ["", ""], "a required element is missing"),
    ],
)
def test_what_the_payer_refuses_says_why(
    clinic: Clinic, payer: Server, reply: str, codes: list[str], reason: str
) -> None:
    assert started(clinic, payer, reply).status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["codes"]) == ("authorization.request_refused", codes)
    assert reason in data["reasons"][0]


def test_a_payer_that_is_down_is_asked_four_times_with_the_same_request(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi("", 503)
    assert clinic.waited_out(clinic.start()).status is Status.DONE
    assert [event for event, _ in clinic.emitted()] == ["authorization.not_answered"]
    assert (len(payer.asked), len({question(asked) for asked in payer.asked})) == (4, 1)


def test_a_reply_that_is_none_is_told_and_not_quoted(clinic: Clinic, payer: Server) -> None:
    payer.answer = lambda _: edi("OKAFOR")
    assert clinic.start().status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["error"]["type"]) == ("authorization.not_answered", "NoAnswer")
    assert "OKAFOR" not in str(data)


def test_an_application_without_a_diagnosis_fails_with_the_field(clinic: Clinic, payer: Server) -> None:
    execution = clinic.start(application={**clinic.item["application"], "diagnoses": []})
    assert execution.status is Status.FAILED
    assert execution.error
    assert "application.diagnoses" in execution.error["message"]
    assert payer.asked == []


def test_a_later_answer_to_another_request_authorises_nothing(clinic: Clinic, payer: Server) -> None:
    waiting = started(clinic, payer, "278_pended")
    assert clinic.answer(waiting, {"x12": message("278_approved")}).status is Status.DONE
    [(event, data)] = clinic.emitted()
    assert (event, data["error"]["type"]) == ("authorization.not_answered", "OtherTrace")
