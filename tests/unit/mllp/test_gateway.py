"""The gateway over real sockets: what senders are told, and what the platform gets."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from penstock_healthcare.hl7 import Message, parse
from penstock_mllp.errors import NoAcknowledgment
from penstock_mllp.frame import Decoder, Frame, encode
from penstock_mllp.run import serving
from penstock_mllp.sender import send_messages
from penstock_mllp.settings import Settings
from tests.unit.mllp.cloud import FakeCloud, stored

SettingsFor = Callable[..., Settings]
SAMPLES = Path(__file__).parents[3] / "events" / "messages"


def message(control_id: str, sender: str = "LAB", note: str = "") -> bytes:
    return f"MSH|^~\\&|{sender}|HOSP|EHR||20260101||ORU^R01^ORU_R01|{control_id}|P|2.5.1\rNTE|1||{note}\r".encode()


def messages(count: int, sender: str = "LAB") -> list[bytes]:
    return [message(f"{sender}{number}", sender) for number in range(count)]


def verdicts(acknowledgments: list[bytes]) -> list[tuple[str, str]]:
    return [(parse(raw)["MSA-1"], parse(raw)["MSA-2"]) for raw in acknowledgments]


def pending(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.outbox / "pending").iterdir())


async def until(condition: Callable[[], bool], timeout: float = 5.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)


def with_gateway(
    cloud: FakeCloud, settings_for: SettingsFor, talk: Callable[[str, int], Awaitable[Any]], **more: Any
) -> Any:
    """Run ``talk`` against a gateway whose platform is ``cloud``; all within a time limit."""

    async def run() -> Any:
        async with asyncio.timeout(30), cloud.running():
            settings = settings_for(cloud.url, **more)
            async with serving(settings) as (host, port):
                return await talk(host, port)

    return asyncio.run(run())


def test_a_message_is_acknowledged_once_the_platform_has_it(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    raw = (SAMPLES / "hl7v2_oru_r01_critical.hl7").read_bytes()
    (answer,) = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, [raw]))
    ack = parse(answer)
    assert (ack["MSA-1"], ack["MSA-2"]) == ("AA", "LIS20261124000052")
    assert (ack["MSH-3"], ack["MSH-5"], ack["MSH-9.1"], ack["MSH-12"]) == ("PENSTOCK", "LIS", "ACK", "2.5.1")
    assert cloud.messages == [raw]
    assert pending(settings_for(cloud.url)) == []


def test_the_platform_gets_the_bytes_the_key_and_where_they_came_from(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    raw = (SAMPLES / "hl7v2_adt_a01_latin1.hl7").read_bytes()
    with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, [raw]), name="ward-3")
    (request,) = cloud.requests
    body, headers = request["body"], request["headers"]
    assert base64.b64decode(body["raw"]) == raw
    assert body["source"]["listener"] == "ward-3"
    assert body["source"]["peer"].startswith("127.0.0.1:")
    assert body["received_at"].endswith("+00:00")
    assert headers["x-api-key"] == "pk_test_key"
    assert len(headers["idempotency-key"]) == 64


def test_many_pipelined_messages_are_stored_and_acknowledged_in_order(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    batch = messages(120)
    answers = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, batch))
    assert verdicts(answers) == [("AA", f"LAB{number}") for number in range(120)]
    assert cloud.messages == batch


def test_a_message_may_arrive_byte_by_byte(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection(host, port)
        for byte in encode(message("1")) + encode(message("2")):
            writer.write(bytes([byte]))
            await writer.drain()
        answers = await read_answers(reader, 2)
        writer.close()
        return answers

    assert verdicts(with_gateway(cloud, settings_for, talk)) == [("AA", "1"), ("AA", "2")]


async def read_answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    decoder, answers = Decoder(100_000), []
    while len(answers) < count and (data := await reader.read(65_536)):
        answers += [event.content for event in decoder.feed(data) if isinstance(event, Frame)]
    return answers


def test_a_sender_that_closes_its_half_still_gets_its_answers(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> tuple[list[bytes], bytes]:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"".join(map(encode, messages(5))))
        writer.write_eof()
        return await read_answers(reader, 5), await reader.read()

    cloud.delay = 0.05
    answers, rest = with_gateway(cloud, settings_for, talk)
    assert [code for code, _ in verdicts(answers)] == ["AA"] * 5
    assert rest == b""


def test_many_connections_are_served_at_once(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> list[list[bytes]]:
        return await asyncio.gather(*(send_messages(host, port, messages(5, f"S{n}-")) for n in range(20)))

    for answers in with_gateway(cloud, settings_for, talk):
        assert [code for code, _ in verdicts(answers)] == ["AA"] * 5
    assert len(cloud.messages) == 100
    for n in range(20):
        own = [m for m in cloud.messages if f"|S{n}-|".encode() in m]
        assert own == messages(5, f"S{n}-")


@pytest.mark.parametrize("code", ["AE", "AR"])
def test_what_the_platform_rejects_is_answered_with_its_errors(
    cloud: FakeCloud, settings_for: SettingsFor, code: str
) -> None:
    errors = (
        {"location": "PID-5", "code": "101", "message": "the patient name is missing"},
        {"location": "no path", "code": "odd", "message": "something else"},
    )
    cloud.answer = lambda message, number: stored(code, *errors)
    (answer,) = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, [message("7")]))
    ack = parse(answer)
    assert (ack["MSA-1"], ack["MSA-2"]) == (code, "7")
    assert ack.raw("ERR[0]") == "ERR||PID^1^5^1|101^Required field missing^HL70357|E||||the patient name is missing"
    assert (ack["ERR[1]-2"], ack["ERR[1]-3.1"], ack["ERR[1]-8"]) == ("", "207", "something else")
    assert pending(settings_for(cloud.url)) == []


def test_a_message_that_cannot_be_parsed_reaches_the_platform_as_it_is(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    raw = (SAMPLES / "hl7v2_oru_r01_malformed.hl7").read_bytes()
    cloud.answer = lambda message, number: stored("AR", {"location": "MSH", "code": "199", "message": "no delimiters"})
    (answer,) = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, [raw]))
    assert cloud.messages == [raw]
    assert (parse(answer)["MSA-1"], parse(answer)["ERR-8"]) == ("AR", "no delimiters")


def test_an_oversize_message_is_refused_and_the_connection_goes_on(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    batch = [message("1"), message("2", note="x" * 20_000), message("3")]

    def talk(host: str, port: int) -> Awaitable[list[bytes]]:
        return send_messages(host, port, batch)

    answers = with_gateway(cloud, settings_for, talk, max_frame_bytes=10_000)
    assert verdicts(answers) == [("AA", "1"), ("AR", "2"), ("AA", "3")]
    assert "limit is 10000" in parse(answers[1])["ERR-8"]
    assert cloud.messages == [batch[0], batch[2]]


def test_while_the_platform_is_down_the_sender_is_told_to_try_later_and_the_message_is_held(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    async def run() -> None:
        async with cloud.running():
            url = cloud.url
        settings = settings_for(url, ack_timeout=0.3)
        async with asyncio.timeout(20), serving(settings) as (host, port):
            (answer,) = await send_messages(host, port, [message("9")])
            ack = parse(answer)
            assert (ack["MSA-1"], ack["MSA-2"], ack["ERR-3.1"]) == ("AE", "9", "207")
            assert len(pending(settings)) == 1
            async with cloud.running():
                await until(lambda: not pending(settings))
                (again,) = await send_messages(host, port, [message("9")])
        assert parse(again)["MSA-1"] == "AA"
        assert cloud.messages == [message("9")]

    asyncio.run(run())


def test_a_message_that_its_sender_sends_again_later_is_acknowledged_like_the_first(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    async def talk(host: str, port: int) -> list[bytes]:
        return [(await send_messages(host, port, [message("1")]))[0] for _ in range(2)]

    assert verdicts(with_gateway(cloud, settings_for, talk)) == [("AA", "1"), ("AA", "1")]
    assert cloud.messages == [message("1")]


def test_a_message_sent_again_while_it_is_held_is_held_once(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def run() -> None:
        async with cloud.running():
            url = cloud.url
        settings = settings_for(url, ack_timeout=0.2)
        async with asyncio.timeout(20), serving(settings) as (host, port):
            for _ in range(3):
                await send_messages(host, port, [message("9"), message("10")])
            assert len(pending(settings)) == 2
            async with cloud.running():
                await until(lambda: not pending(settings))
        assert cloud.messages == [message("9"), message("10")]

    asyncio.run(run())


@pytest.mark.parametrize("status", [500, 502, 503, 429, 409, 302])
def test_a_failing_platform_is_asked_again_until_it_stores(
    cloud: FakeCloud, settings_for: SettingsFor, status: int
) -> None:
    cloud.answer = lambda message, number: stored() if number > 3 else (status, {})
    batch = messages(3)
    answers = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, batch))
    assert [code for code, _ in verdicts(answers)] == ["AA"] * 3
    assert cloud.messages == batch
    assert len(cloud.requests) == 6


def test_an_answer_out_of_contract_never_becomes_an_acceptance(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.answer = lambda message, number: (200, {"ok": True})
    settings = {"ack_timeout": 0.3}
    (answer,) = with_gateway(
        cloud, settings_for, lambda host, port: send_messages(host, port, [message("1")]), **settings
    )
    assert parse(answer)["MSA-1"] == "AE"
    assert len(pending(settings_for(cloud.url))) == 1


def test_a_slow_platform_delays_the_answer_until_the_time_is_up(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.delay = 0.6

    async def talk(host: str, port: int) -> list[bytes]:
        first = await send_messages(host, port, [message("1")])
        await until(lambda: not pending(settings_for(cloud.url)))
        cloud.delay = 0
        return first + await send_messages(host, port, [message("1")])

    assert verdicts(with_gateway(cloud, settings_for, talk, ack_timeout=0.3)) == [("AE", "1"), ("AA", "1")]
    assert cloud.messages == [message("1")]


def test_a_key_that_the_platform_does_not_know_refuses_the_message_and_keeps_it(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    cloud.api_key = "another"
    (answer,) = with_gateway(cloud, settings_for, lambda host, port: send_messages(host, port, [message("1")]))
    ack = parse(answer)
    assert ack["MSA-1"] == "AR"
    assert "HTTP 401" in ack["ERR-8"]
    assert "this API key is not known" in ack["ERR-8"]
    settings = settings_for(cloud.url)
    assert pending(settings) == []
    kept = sorted((settings.outbox / "refused").iterdir())
    assert [path.suffix for path in kept] == ["", ".reason"]
    assert kept[0].read_bytes().endswith(message("1"))
    assert "401" in kept[1].read_text()


def test_refused_messages_can_be_sent_again_once_the_cause_is_gone(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def run() -> None:
        settings = settings_for("http://127.0.0.1:1")
        async with asyncio.timeout(20), cloud.running():
            settings = settings_for(cloud.url)
            cloud.api_key = "another"
            async with serving(settings) as (host, port):
                await send_messages(host, port, messages(3))
            cloud.api_key = "pk_test_key"
            async with serving(settings, restore_refused=True):
                await until(lambda: len(cloud.messages) == 3 and not pending(settings))
        assert cloud.messages == messages(3)
        assert list((settings.outbox / "refused").iterdir()) == []

    asyncio.run(run())


def test_a_rotated_key_is_used_without_a_restart(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> list[bytes]:
        first = await send_messages(host, port, [message("1")])
        cloud.api_key = "rotated"
        settings_for(cloud.url).api_key_file.write_text("rotated")
        return first + await send_messages(host, port, [message("2")])

    assert [code for code, _ in verdicts(with_gateway(cloud, settings_for, talk))] == ["AA", "AA"]


def test_a_full_outbox_asks_the_sender_to_try_later(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.answer = lambda message, number: (503, {})
    answers = with_gateway(
        cloud,
        settings_for,
        lambda host, port: send_messages(host, port, messages(3)),
        outbox_max_messages=2,
        ack_timeout=0.3,
    )
    assert [code for code, _ in verdicts(answers)] == ["AE"] * 3
    assert "no room" in parse(answers[2])["ERR-8"]
    assert len(pending(settings_for(cloud.url))) == 2


def test_answering_from_the_disk_is_a_commit_and_delivery_follows(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.delay = 0.2

    async def talk(host: str, port: int) -> list[bytes]:
        answers = await send_messages(host, port, messages(3))
        assert len(cloud.messages) < 3
        await until(lambda: len(cloud.messages) == 3)
        return answers

    answers = with_gateway(cloud, settings_for, talk, ack_on="disk")
    assert [code for code, _ in verdicts(answers)] == ["CA"] * 3
    assert cloud.messages == messages(3)


def test_junk_between_frames_is_dropped_and_too_much_ends_the_connection(
    cloud: FakeCloud, settings_for: SettingsFor
) -> None:
    async def talk(host: str, port: int) -> tuple[list[bytes], bytes]:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.1\r\n" + encode(message("1")))
        answers = await read_answers(reader, 1)
        writer.write(b"x" * 70_000)
        return answers, await reader.read()

    answers, rest = with_gateway(cloud, settings_for, talk)
    assert verdicts(answers) == [("AA", "1")]
    assert rest == b""


@pytest.mark.parametrize(("sent", "limit"), [(b"", "idle_timeout"), (b"\x0bMSH|^~", "frame_timeout")])
def test_a_silent_peer_is_dropped(cloud: FakeCloud, settings_for: SettingsFor, sent: bytes, limit: str) -> None:
    async def talk(host: str, port: int) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        return await reader.read()

    assert with_gateway(cloud, settings_for, talk, **{limit: 0.2}) == b""
    assert cloud.messages == []


def test_a_connection_over_the_limit_is_told_to_try_later(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    async def talk(host: str, port: int) -> list[bytes]:
        first, writer = await asyncio.open_connection(host, port)
        await asyncio.sleep(0.05)
        refusals = await send_messages(host, port, [message("2")], timeout=2)
        with pytest.raises((NoAcknowledgment, ConnectionError)):
            await send_messages(host, port, messages(2), timeout=2)
        writer.write(encode(message("1")))
        return await read_answers(first, 1) + refusals

    answers = with_gateway(cloud, settings_for, talk, max_connections=1)
    assert verdicts(answers) == [("AA", "1"), ("AE", "2")]
    assert "as many connections" in parse(answers[1])["ERR-8"]
    assert cloud.messages == [message("1")]


def test_a_stopping_gateway_answers_what_it_has_read(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.delay = 0.3

    async def run() -> list[bytes]:
        async with asyncio.timeout(20), cloud.running():
            async with serving(settings_for(cloud.url)) as (host, port):
                sending = asyncio.create_task(send_messages(host, port, messages(2)))
                await until(lambda: len(cloud.requests) == 1)
            return await sending

    assert [code for code, _ in verdicts(asyncio.run(run()))] == ["AA", "AA"]


def test_a_sender_that_hangs_up_loses_nothing(cloud: FakeCloud, settings_for: SettingsFor) -> None:
    cloud.delay = 0.1

    async def talk(host: str, port: int) -> None:
        _, writer = await asyncio.open_connection(host, port)
        writer.write(b"".join(map(encode, messages(3))))
        await until(lambda: len(cloud.requests) == 1)
        writer.transport.abort()
        await until(lambda: len(cloud.messages) == 3)

    with_gateway(cloud, settings_for, talk)
    assert cloud.messages == messages(3)


def test_no_patient_data_is_logged(
    cloud: FakeCloud, settings_for: SettingsFor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw = (SAMPLES / "hl7v2_oru_r01_critical.hl7").read_bytes()
    patient: Message = parse(raw)

    async def talk(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"Delacroix" + encode(raw) + encode(raw.replace(b"^~\\&", b"")) + b"\x0bMSH|Delacroix")
        await read_answers(reader, 2)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    cloud.answer = lambda message, number: stored() if number > 1 else (500, {})
    with_gateway(cloud, settings_for, talk)
    assert "LIS20261124000052" in caplog.text
    assert "9 bytes outside an MLLP frame" in caplog.text
    for secret in (patient["PID-3"], patient["PID-3[1]"], patient["PID-5.1"], patient["PID-7"], "pk_test_key"):
        assert secret not in caplog.text
