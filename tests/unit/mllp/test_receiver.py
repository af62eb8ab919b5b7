"""What a receiver's answer says of the message that was sent."""

import pytest

from penstock_healthcare.hl7 import Fault
from penstock_mllp.receiver import acknowledgment_in
from tests.unit.mllp.hospital import answered
from tests.unit.mllp.test_outbound import order


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AA|7\r", "AA"),
        (b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AR|\r", "AR"),
        (b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AA|\r", None),
        (b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AA|8\r", None),
        (b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|OK|7\r", None),
        (b"MSH|^~\\&|||||||ORU^R01|7|P|2.3\r", None),
        (b"", None),
    ],
)
def test_what_answers_a_message(answer: bytes, code: str | None) -> None:
    found = acknowledgment_in(answer, "7")
    assert (found.code if found else None) == code


def test_errors_of_old_versions_are_read_from_err_1_and_msa_3() -> None:
    old = acknowledgment_in(answered(order("7").replace(b"2.5.1", b"2.3"), "AE", Fault("101", "missing", "PID-5")), "7")
    assert old
    assert (old.errors[0]["code"], old.errors[0]["location"]) == ("101", "PID-5")
    bare = acknowledgment_in(b"MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AE|7|unknown sender\r", "7")
    assert bare
    assert bare.errors == [{"code": "", "location": "", "message": "unknown sender"}]
