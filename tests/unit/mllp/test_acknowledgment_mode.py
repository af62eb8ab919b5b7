"""Enhanced mode: a commit at once, the application's answer when it is known, each only where it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from penstock_healthcare.hl7 import parse
from penstock_mllp.acknowledgment_mode import mode_of
from penstock_mllp.frame import encode
from penstock_mllp.run import serving
from penstock_mllp.sender import send_messages
from penstock_mllp.settings import Settings
from tests.unit.mllp.cloud import FakeCloud, stored
from tests.unit.mllp.test_gateway import pending, read_answers, until, verdicts, with_gateway

SettingsFor = Callable[..., Settings]


def asking(control_id: str, accept: str, application: str, note: str = "") -> bytes:
    msh = f"MSH|^~\\&|LAB|HOSP|EHR||20260101||ORU^R01^ORU_R01|{control_id}|P|2.5.1|||{accept}|{application}"
    return f"{msh}\rNTE|1||{note}\r".encode()


def hearing(count: int, *messages: bytes, is_over: bool = True) -> Callable[[str, int], Awaitable[Any]]:
    """Send, read so many answers, and make sure that no more come."""

    async def talk(host: str, port: int) -> list[tuple[str, str]]:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"".join(map(encode, messages)))
        answers = await read_answers(reader, count)
        writer.write_eof()
        assert await reader.read() == b"" or not is_over
        writer.close()
        return verdicts(answers)

    return talk


@pytest.mark.parametrize(
    ("accept", "application", "told"),
    [
        ("AL", "AL", ["CA", "AA"]),
        ("AL", "NE", ["CA"]),
        ("AL", "", ["CA"]),
        ("AL", "ER", ["CA"]),
        ("AL", "SU", ["CA", "AA"]),
        ("SU", "NE", ["CA"]),
        ("NE", "AL", ["AA"]),
        ("", "AL", ["AA"]),
        ("ER", "SU", ["AA"]),
        ("al", "what", ["CA", "AA"]),
        ("NE", "NE", []),
        ("ER", "ER", []),
    ],
)
def test_a_message_that_is_stored_is_answered_as_it_asks(
    cloud: FakeCloud, settings_for: SettingsFor, accept: str, application: str, told: list[str]
) -> None:
    async def talk(host: str, port: int) -> Any:
        answers = await hearing(len(told), asking("1", accept, application))(host, port)
        await until(lambda: len(cloud.messages) == 1)
        return answers

    assert with_gateway(cloud, settings_for, talk) == [(code, "1") for code in told]


@pytest.mark.parametrize(
    ("application", "told"), [("AL", ["CA", "AE"]), ("ER", ["CA", "AE"]), ("SU", ["CA"]), ("NE", ["CA"])]
)
def test_a_message_that_the_platform_rejects_is_answered_as_it_asks(
    cloud: FakeCloud, settings_for: SettingsFor, application: str, told: list[str]
) -> None:
    cloud.answer = lambda raw, number: stored("AE", {"location": "PID-5", "code": "101", "message": "missing"})
    answers = with_gateway(cloud, settings_for, hearing(len(told), asking("1", "AL", application)))
    assert answers == [(code, "1") for code in told]


@pytest.mark.parametrize(
    ("accept", "application", "told"),
    [("AL", "AL", ["CR"]), ("ER", "NE", ["CR"]), ("NE", "ER", ["AR"]), ("SU", "NE", []), ("NE", "NE", [])],
)
def test_a_message_that_is_not_held_is_refused_as_it_asks(
    cloud: FakeCloud, settings_for: SettingsFor, accept: str, application: str, told: list[str]
) -> None:
    large = asking("1", accept, application, "x" * 5_000)
    answers = with_gateway(cloud, settings_for, hearing(len(told), large), max_frame_bytes=2_000)
    assert answers == [(code, "1") for code in told]
    assert cloud.messages == []


def test_commits_do_not_wait_for_the_platform_and_its_answers_follow_in_order(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    batch = [asking(str(number), "AL", "AL") for number in range(40)]

    async def run() -> list[tuple[str, str]]:
        async with cloud.running():
            url = cloud.url
        settings = settings_for(url, ack_timeout=0.2, max_in_flight=4)
        async with asyncio.timeout(20), serving(settings) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"".join(map(encode, batch)))
            commits = await read_answers(reader, 40)
            assert len(pending(settings)) == 40
            async with cloud.running():
                answers = await read_answers(reader, 40)
            writer.close()
        return verdicts(commits + answers)

    numbers = [str(number) for number in range(40)]
    told = asyncio.run(run())
    assert told == [("CA", number) for number in numbers] + [("AA", number) for number in numbers]
    assert cloud.messages == batch


def test_a_sender_that_left_is_told_nothing_more_and_its_message_is_delivered(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    cloud.delay = 0.2

    async def talk(host: str, port: int) -> list[bytes]:
        answers = await send_messages(host, port, [asking("1", "AL", "AL")])
        await until(lambda: len(cloud.messages) == 1)
        return answers

    assert verdicts(with_gateway(cloud, settings_for, talk)) == [("CA", "1")]


def test_both_modes_share_a_connection(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    original = asking("2", "", "")
    batch = [asking("1", "AL", "NE"), original, asking("3", "AL", "NE")]
    answers = with_gateway(cloud, settings_for, hearing(3, *batch))
    assert answers == [("CA", "1"), ("AA", "2"), ("CA", "3")]


def test_a_full_outbox_is_a_commit_error(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.answer = lambda raw, number: (503, {})
    batch = [asking(str(number), "AL", "NE") for number in range(3)]
    answers = with_gateway(cloud, settings_for, hearing(3, *batch), outbox_max_messages=2)
    assert [code for code, _ in answers] == ["CA", "CA", "CE"]


def test_a_frame_without_its_return_is_answered(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> list[tuple[str, str]]:
        reader, writer = await asyncio.open_connection(host, port)
        for control_id in ("1", "2"):
            writer.write(encode(asking(control_id, "", ""))[:-1])
            first = await read_answers(reader, 1)
        writer.write(encode(asking("3", "", ""))[:-1])
        writer.write_eof()
        return verdicts(first + await read_answers(reader, 1))

    assert with_gateway(cloud, settings_for, talk) == [("AA", "2"), ("AA", "3")]
    assert len(cloud.messages) == 3


def test_neither_field_is_original_mode() -> None:
    assert not mode_of(parse(asking("1", "", ""))).is_enhanced
    assert mode_of(parse(asking("1", "", "AL"))).is_enhanced
