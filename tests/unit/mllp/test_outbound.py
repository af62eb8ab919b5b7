"""Messages on their way out: taken, sent in order, and what came of them told."""

import asyncio
import base64
import json
import logging
import ssl
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.events import Event
from penstock_healthcare.hl7 import Fault
from penstock_mllp.run import serving
from penstock_mllp.settings import Settings
from tests.unit.mllp.hospital import Authority, Hospital, answered
from tests.unit.mllp.platform import TENANT, MemoryPlatform, over_http
from tests.unit.mllp.test_gateway import until

SettingsFor = Callable[..., Settings]
Talk = Callable[[], Awaitable[Any]]


def order(control_id: str, mode: str = "") -> bytes:
    return f"MSH|^~\\&|HIS|HOSP|LAB||20260101||OML^O21|{control_id}|P|2.5.1{mode}\rPID|1||77^^^H\r".encode()


def settled(platform: MemoryPlatform) -> dict[str, list[Event]]:
    """What happened to each message after it was queued."""
    return {name: events[1:] for name, events in platform.events("hl7_outbound").items()}


def is_settled(platform: MemoryPlatform) -> bool:
    return all(platform.outbound.get(TENANT, name).status != "queued" for name in platform.events("hl7_outbound"))


def destination(port: int, **more: Any) -> dict[str, Any]:
    return {"address": f"127.0.0.1:{port}", "ack_timeout": 2, **more}


def run(
    settings_for: SettingsFor,
    platform: MemoryPlatform,
    hospital: Hospital,
    talk: Talk | None = None,
    context: ssl.SSLContext | None = None,
    **more: Any,
) -> None:
    """A gateway between the two, until every message is settled, or ``talk`` has ended."""

    async def go() -> None:
        async with asyncio.timeout(30), over_http(platform.answer) as api, hospital.listening(context) as port:
            settings = settings_of(settings_for, api, port, **more)
            async with serving(settings):
                await (talk() if talk else until(lambda: is_settled(platform), 20))

    asyncio.run(go())


def settings_of(settings_for: SettingsFor, api: int, port: int, **more: Any) -> Settings:
    from penstock_mllp.destinations import destinations

    lab = destinations({"lab": destination(port, **more)})
    return settings_for(f"http://127.0.0.1:{api}", destinations=lab, poll_interval=0.02, listen="")


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform(haste=100)


def test_messages_arrive_in_order_byte_for_byte_and_their_answers_are_reported(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital, sent = Hospital(), [order(str(number)) for number in range(20)]
    for number, raw in enumerate(sent):
        platform.queue(f"m{number}", "lab", raw)
    run(settings_for, platform, hospital)
    assert hospital.received == sent
    assert hospital.connections == 1
    for number, raw in enumerate(sent):
        (event,) = settled(platform)[f"m{number}"]
        assert event.type == "HL7MessageAcknowledged"
        assert (event.data["code"], event.data["round"], event.data["attempts"]) == ("AA", 1, 1)
        assert base64.b64decode(event.data["acknowledgment"]) == answered(raw)


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR"])
def test_a_refusal_is_kept_with_its_errors_and_the_next_message_is_sent(
    settings_for: SettingsFor, platform: MemoryPlatform, code: Any
) -> None:
    fault = Fault("204", "no such patient", "PID-3[0].1")
    hospital = Hospital(lambda raw, number: [answered(raw, code, fault) if number == 0 else answered(raw)])
    platform.queue("m1", "lab", order("1"))
    platform.queue("m2", "lab", order("2"))
    run(settings_for, platform, hospital)
    (refused,) = settled(platform)["m1"]
    assert (refused.type, refused.data["code"]) == ("HL7MessageRefused", code)
    assert refused.data["errors"] == [{"code": "204", "location": "PID-3.1", "message": "no such patient"}]
    assert [event.type for event in settled(platform)["m2"]] == ["HL7MessageAcknowledged"]


def test_a_refused_message_that_is_sent_again_arrives_again(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital(lambda raw, number: [answered(raw, "AE" if number == 0 else "AA")])
    platform.queue("m1", "lab", order("1"))
    run(settings_for, platform, hospital)
    platform.outbound.send_again(
        TENANT, "m1", "the patient is known now", platform.events("hl7_queue")["lab.e"][0].origin
    )
    for stream in platform.store.streams():
        if stream.kind == "hl7_queue":
            platform.sequence(stream)
    run(settings_for, platform, hospital)
    assert hospital.received == [order("1"), order("1")]
    assert [event.type for event in settled(platform)["m1"]] == [
        "HL7MessageRefused",
        "HL7MessageRequeued",
        "HL7MessageAcknowledged",
    ]


def test_a_receiver_that_hangs_up_gets_the_same_bytes_again_before_the_next_message(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital(lambda raw, number: [b"" if number < 2 else answered(raw)])
    platform.queue("m1", "lab", order("1"))
    platform.queue("m2", "lab", order("2"))
    run(settings_for, platform, hospital)
    assert hospital.received == [order("1")] * 3 + [order("2")]
    assert settled(platform)["m1"][0].data["attempts"] == 3


def test_a_receiver_that_stays_silent_gets_the_message_again_on_another_connection(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital(lambda raw, number: [answered(raw)] if number else [])
    platform.queue("m1", "lab", order("1"))
    run(settings_for, platform, hospital, ack_timeout=0.2)
    assert hospital.received == [order("1")] * 2
    assert hospital.connections == 2


def test_an_answer_about_another_message_settles_nothing(settings_for: SettingsFor, platform: MemoryPlatform) -> None:
    hospital = Hospital(lambda raw, number: [answered(order("99")), b"MSH|junk", answered(raw, "AR")])
    platform.queue("m1", "lab", order("1"))
    run(settings_for, platform, hospital)
    assert [event.type for event in settled(platform)["m1"]] == ["HL7MessageRefused"]


def test_a_commit_is_followed_by_the_answer_of_the_application(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital(lambda raw, number: [answered(raw, "CA"), answered(raw, "AE")])
    platform.queue("m1", "lab", order("1", "|||AL|AL"))
    run(settings_for, platform, hospital)
    assert [event.data["code"] for event in settled(platform)["m1"]] == ["AE"]


@pytest.mark.parametrize("mode", ["", "|||AL|NE", "|||AL|ER", "|||AL"])
def test_a_commit_settles_a_message_that_asks_for_no_more(
    settings_for: SettingsFor, platform: MemoryPlatform, mode: str
) -> None:
    hospital = Hospital(lambda raw, number: [answered(raw, "CA")])
    platform.queue("m1", "lab", order("1", mode))
    platform.queue("m2", "lab", order("2", mode))
    run(settings_for, platform, hospital, ack_timeout=20)
    assert [event.data["code"] for events in settled(platform).values() for event in events] == ["CA", "CA"]


def test_a_committed_message_is_not_sent_again_when_no_more_is_said(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital(lambda raw, number: [answered(raw, "CA")])
    platform.queue("m1", "lab", order("1", "|||AL|AL"))
    run(settings_for, platform, hospital, ack_timeout=0.2)
    assert hospital.received == [order("1", "|||AL|AL")]
    assert [event.data["code"] for event in settled(platform)["m1"]] == ["CA"]


def test_messages_of_other_destinations_are_left_to_their_gateways(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital = Hospital()
    platform.queue("m1", "pharmacy", order("1"))
    platform.queue("m2", "lab", order("2"))

    async def talk() -> None:
        await until(lambda: len(settled(platform)["m2"]) == 1)

    run(settings_for, platform, hospital, talk)
    assert hospital.received == [order("2")]
    assert settled(platform)["m1"] == []


def test_while_the_platform_is_away_taken_messages_are_sent_and_their_reports_are_held(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    hospital, is_away = Hospital(), False

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        nonlocal is_away
        is_away = is_away or "acknowledge" in path
        return (503, {}) if is_away or "outcome" in path else platform.answer(method, path, body)

    async def go() -> None:
        async with asyncio.timeout(30), over_http(answer) as api, hospital.listening() as port:
            settings = settings_of(settings_for, api, port)
            async with serving(settings):
                await until(lambda: len(hospital.received) == 3)
                await until(lambda: not list((settings.outbox / "outbound" / "pending").iterdir()))
            assert len(list((settings.outbox / "reports" / "pending").iterdir())) == 3
        async with over_http(platform.answer) as api, serving(settings_of(settings_for, api, 1)):
            await until(lambda: is_settled(platform))

    for number in range(3):
        platform.queue(f"m{number}", "lab", order(str(number)))
    asyncio.run(go())
    assert hospital.received == [order(str(number)) for number in range(3)]


def test_a_message_that_was_shredded_before_it_was_sent_fails(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        status, content = platform.answer(method, path, body)
        return status, {**content, "raw": ""} if method == "GET" else content

    async def go() -> None:
        async with asyncio.timeout(20), over_http(answer) as api, serving(settings_of(settings_for, api, 1)):
            await until(lambda: is_settled(platform))

    platform.queue("m1", "lab", order("1"))
    asyncio.run(go())
    (event,) = settled(platform)["m1"]
    assert (event.type, event.data["code"], event.data["attempts"]) == ("HL7MessageRefused", "", 0)


def test_the_gateway_shows_its_certificate_and_checks_the_receivers(
    settings_for: SettingsFor, platform: MemoryPlatform, tmp_path: Path
) -> None:
    authority, hospital = Authority(tmp_path / "pki"), Hospital()
    certificate, key = authority.client
    more = {"tls": "on", "tls_ca": authority.ca_file, "tls_certificate": certificate, "tls_key": key}
    platform.queue("m1", "lab", order("1"))
    run(settings_for, platform, hospital, context=authority.listening(ssl.CERT_REQUIRED), **more)
    assert hospital.received == [order("1")]
    assert hospital.certificates[-1]


def test_nothing_is_sent_to_a_receiver_of_another_authority(
    settings_for: SettingsFor, platform: MemoryPlatform, tmp_path: Path
) -> None:
    authority, stranger, hospital = Authority(tmp_path / "pki"), Authority(tmp_path / "other"), Hospital()
    platform.queue("m1", "lab", order("1"))

    async def talk() -> None:
        await until(lambda: bool(list((tmp_path / "outbox" / "outbound" / "pending").glob("[0-9]*"))))
        await asyncio.sleep(0.3)

    run(settings_for, platform, hospital, talk, stranger.listening(), tls="on", tls_ca=authority.ca_file)
    assert hospital.received == []
    assert settled(platform)["m1"] == []


def test_health_tells_what_waits_and_nothing_of_what_is_in_it(
    settings_for: SettingsFor, platform: MemoryPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hospital = Hospital(lambda raw, number: [answered(raw)] if number == 0 else [])
    platform.queue("m1", "lab", order("1"))
    platform.queue("m2", "lab", order("2"))

    def health(port: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return dict(json.load(answer))

    async def go() -> dict[str, Any]:
        async with asyncio.timeout(20), over_http(platform.answer) as api, hospital.listening() as port:
            settings = settings_of(settings_for, api, port)
            object.__setattr__(settings, "health_listen", "127.0.0.1:0")
            async with serving(settings):
                await until(lambda: len(hospital.received) == 2)
                (line,) = [record.getMessage() for record in caplog.records if "health at" in record.getMessage()]
                return await asyncio.to_thread(health, line.rpartition(":")[2].split("/")[0])

    told = asyncio.run(go())
    assert told["status"] == "ok"
    assert told["outbound"]["destinations"] == {"lab": 1}
    assert told["counters"]["outbound_AA"] == 1
    assert "77" not in json.dumps(told["counters"]) + json.dumps(told["outbound"]["destinations"])
    assert "PID" not in caplog.text


def test_a_platform_without_subscriptions_is_asked_again_after_a_wait(
    settings_for: SettingsFor, platform: MemoryPlatform
) -> None:
    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        platform.requests.append(path)
        return 404, {}

    async def go() -> None:
        async with over_http(answer) as api, serving(settings_of(settings_for, api, 1)):
            await asyncio.sleep(0.4)

    asyncio.run(go())
    assert 2 <= len(platform.requests) < 60
